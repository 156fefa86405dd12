/**
 * The port's contract on a ledger of which all but the last event goes into archives after every append, through a connection of its own: whoever reads, appends
 * or proves cannot tell. Archives are made here without the event that tells of them, so that positions are what the contract expects.
 */
import * as crypto from "node:crypto"
import * as path from "node:path"
import Database from "better-sqlite3"
import { systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { checkpointText, originIn } from "#ledger/proof/checkpoint.js"
import { signNote, signerOf } from "#ledger/proof/note.js"
import { rootAt } from "#ledger/proof/prove.js"
import { ArchivedEvents } from "#ledger/sqlite/archived.js"
import { archiving } from "#ledger/sqlite/archiving.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { reader } from "#ledger/sqlite/read.js"
import { isTorture } from "#tests/support/often.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { ledgerContract } from "./ledger.js"

const { privateKey } = crypto.generateKeyPairSync("ed25519")

/** Archives everything in front of the last event, in archives of up to 100 events. */
async function archiveMost(ledger: Ledger, file: string): Promise<void> {
  const origin = await originIn(ledger)
  const { position } = await ledger.head()
  if (origin === undefined || position < 1) return
  const key = signerOf(origin, privateKey)
  const size = position + 1
  const note = signNote(checkpointText({ origin, size, root: await rootAt(ledger, size) }), [key])
  const db = new Database(file)
  try {
    const archived = new ArchivedEvents(db)
    const { archiveNext, removeSome } = archiving({
      db,
      archived,
      read: reader(db, archived),
      appendAll: () => [{ revision: 0, position: 0 as Position }],
      clock: systemClock,
      lastOf: (first, upTo) => Math.min(upTo, first + 99),
    })
    const request = { upTo: (position - 1) as Position, note, key, metadata: { actor: "system" } }
    while ((await archiveNext(request, async () => {})) !== undefined);
    while (removeSome());
    archived.forget()
  } finally {
    db.close()
  }
}

function archivedAfterAppends(ledger: Ledger, file: string): Ledger {
  let archived: Promise<unknown> = Promise.resolve()
  const then = async <T>(written: Promise<T>): Promise<T> => {
    const answer = await written
    archived = archived.then(() => archiveMost(ledger, file)).catch(unlessClosed)
    await archived
    return answer
  }
  return new Proxy(ledger, {
    get(target, name) {
      if (name === "append") return (...given: Parameters<Ledger["append"]>) => then(target.append(...given))
      if (name === "adopt") return (...given: Parameters<Ledger["adopt"]>) => then(target.adopt(...given))
      const value: unknown = Reflect.get(target, name)
      return typeof value === "function" ? value.bind(target) : value
    },
  })
}

/** Somebody has closed it since. */
function unlessClosed(error: unknown): void {
  if (!(error instanceof FleetError && error.code === "StoreUnavailable")) throw error
}

/** What archives have a say in; all of it takes a minute. */
const topics = ["identical appends", "awkward values", "reading", "times", "reopening", "adopting", "tree"] as const

ledgerContract(
  "SQLite whose events are in archives",
  async (clock) => {
    const file = path.join(await tempFolder(), "ledger.db")
    let ledger = openSqliteLedger(file, clock)
    return {
      ledger: archivedAfterAppends(ledger, file),
      async reopen() {
        await ledger.close()
        ledger = openSqliteLedger(file, clock)
        return archivedAfterAppends(ledger, file)
      },
      dispose: () => ledger.close(),
    }
  },
  isTorture ? undefined : topics,
)
