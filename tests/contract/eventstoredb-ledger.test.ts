/** The ledger on EventStoreDB: the port's contract against a server in this process, and what is this engine's own. */
import * as path from "node:path"
import { openEventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import { startEventStore } from "#tests/support/eventstoredb/server.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { ledgerContract } from "./ledger.js"

const maxAppendBytes = 8 * 1024 * 1024

ledgerContract("EventStoreDB", async (clock) => {
  const server = await startEventStore({ maxAppendBytes })
  const file = path.join(await tempFolder(), "copy.db")
  const options = { address: server.connectionString, file, maxAppendBytes }
  let ledger = await openEventStoreLedger(options, clock)
  return {
    ledger,
    async reopen() {
      await ledger.close()
      return (ledger = await openEventStoreLedger(options, clock))
    },
    async dispose() {
      await ledger.close()
      await server.dispose()
    },
  }
})
