/**
 * The ledger on EventStoreDB: the port's contract against a server in this process. The whole of it with a copy in memory: it is not the truth, so opening
 * the ledger again makes it anew. What hangs on the copy's file, and on the way to the server, also with those.
 */
import * as path from "node:path"
import type { Clock } from "#kernel/clock.js"
import { type EventStoreOptions, openEventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import { type EventStoreServer, startEventStore } from "#tests/support/eventstoredb/server.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { addressOf } from "./eventstoredb/served.js"
import { ledgerContract } from "./ledger.js"
import type { OpenedLedger } from "./ledger/fresh.js"

/** So that an append may have as many events as the port allows, and not just as many as fit 1 MiB. */
const maxAppendBytes = 8 * 1024 * 1024

const copyFile = async () => path.join(await tempFolder(), "copy.db")

async function opened(
  clock: Clock,
  server: EventStoreServer,
  options: Omit<EventStoreOptions, "maxAppendBytes">,
): Promise<OpenedLedger> {
  const all = { ...options, maxAppendBytes }
  let ledger = await openEventStoreLedger(all, clock)
  return {
    ledger,
    async reopen() {
      await ledger.close()
      return (ledger = await openEventStoreLedger(all, clock))
    },
    async dispose() {
      await ledger.close()
      await server.dispose()
    },
  }
}

ledgerContract("EventStoreDB", async (clock) => {
  const server = await startEventStore({ maxAppendBytes })
  return opened(clock, server, { address: addressOf(server), file: ":memory:" })
})

ledgerContract(
  "EventStoreDB with a copy in a file, signed in over TLS to the leader that was asked for",
  async (clock) => {
    const user = { name: "ada", password: "correct horse" }
    const server = await startEventStore({ maxAppendBytes, tls: true, user })
    const address = `esdb+discover://${server.endpoint.address}:${server.endpoint.port}`
    const credentials = { caFile: server.caFile, user: user.name, password: user.password }
    return opened(clock, server, { address, file: await copyFile(), ...credentials })
  },
  ["reopening"],
)
