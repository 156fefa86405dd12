/** A ledger's file with some events in it, closed: to be opened, damaged or looked into. */
import * as path from "node:path"
import { noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { changes, stream } from "./sample-events.js"
import { tempFolder } from "./temp-folder.js"

export async function ledgerFile(events = 200): Promise<string> {
  const file = path.join(await tempFolder(), "ledger.db")
  const ledger = openSqliteLedger(file)
  await ledger.append(stream("target-1"), noStream, changes(events), "first")
  await ledger.close()
  return file
}
