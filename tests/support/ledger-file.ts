/** A ledger's file with some events in it, closed: to be opened, damaged or looked into. */
import * as path from "node:path"
import type { StreamName } from "#kernel/ids.js"
import { noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { changes } from "./sample-events.js"
import { tempFolder } from "./temp-folder.js"

export async function ledgerFile(events = 200): Promise<string> {
  const file = path.join(await tempFolder(), "ledger.db")
  const ledger = openSqliteLedger(file)
  await ledger.append("target-1" as StreamName, noStream, changes(events), "first")
  await ledger.close()
  return file
}
