import * as path from "node:path"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { ledgerContract } from "./ledger.js"

ledgerContract("SQLite", async (clock) => {
  const file = path.join(await tempFolder(), "ledger.db")
  let ledger = openSqliteLedger(file, clock)
  return {
    ledger,
    async reopen() {
      await ledger.close()
      return (ledger = openSqliteLedger(file, clock))
    },
    dispose: () => ledger.close(),
  }
})
