/** Folding the ledger into all views, against reading and parsing the same events. */
import Database from "better-sqlite3"
import type { RecordedEvent } from "#events/catalog.js"
import { origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { payload, unpacks } from "#ledger/sqlite/payload.js"
import { foldingBy } from "#projections/folding.js"
import { inventoryProjection } from "#projections/inventory/project.js"
import { foldAll } from "./fleet-on-disk.js"
import { type Row, perSecond, seconds } from "./report.js"

/** @returns the rows, and how many events a second the inventory catches up with */
export async function benchRebuild(
  ledger: Ledger,
  ledgerFile: string,
  folder: string,
): Promise<{ readonly rows: Row[]; readonly caughtUp: number }> {
  const events = (await ledger.head()).position + 1
  const read = await seconds(() => readAndParse(ledgerFile))
  // What writing the fleet left behind is not the rebuild's to clean up.
  global.gc?.()
  const inventory = await seconds(() => foldInventory(ledger, `${folder}/inventory.db`))
  global.gc?.()
  let rss = 0
  const watch = () => (rss = Math.max(rss, process.memoryUsage.rss()))
  const all = await seconds(async () => (await foldAll(ledger, `${folder}/rebuilt.db`, watch)).close())
  const ratio = read / inventory
  const rows = [
    {
      what: `rebuild of the inventory, ${events.toLocaleString("en")} events`,
      budget: "≥ 0.15 × reading and parsing",
      measured: `${ratio.toFixed(2)} × (${read.toFixed(1)} s, ${inventory.toFixed(1)} s)`,
      pass: ratio >= 0.15,
    },
    {
      what: "rebuild of all views",
      budget: "≥ 20,000/s",
      measured: perSecond(events, all),
      pass: events / all >= 20_000,
    },
    {
      what: "rebuild of all views, memory at most",
      budget: "≤ 300 MB",
      measured: `${Math.round(rss / 1e6)} MB`,
      pass: rss <= 300e6,
    },
  ]
  return { rows, caughtUp: events / inventory }
}

/** The inventory alone, in a file as the views' is while they are rebuilt. */
async function foldInventory(ledger: Ledger, file: string): Promise<void> {
  const db = new Database(file)
  // Else SQLite goes on with a journal, without a word.
  db.unsafeMode(true)
  for (const pragma of ["page_size = 16384", "journal_mode = OFF", "synchronous = OFF", "cache_size = -32768"])
    db.pragma(pragma)
  db.exec(inventoryProjection.tables)
  const { project, settle } = foldingBy([inventoryProjection], db)
  const handle = db.transaction((batch: readonly RecordedEvent[]) => {
    batch.forEach(project)
    settle()
  })
  let after = origin
  for (;;) {
    const batch = await ledger.readAll({ after, limit: 1_000 })
    if (batch.length === 0) break
    handle(batch)
    after = batch.at(-1)?.position ?? after
  }
  db.close()
}

/** What any rebuild has to do at least. */
export function readAndParse(file: string): number {
  const db = new Database(file, { readonly: true })
  unpacks(db)
  let members = 0
  for (const row of db
    .prepare<[], { head: string; data: string }>(`SELECT head, ${payload} AS data FROM events ORDER BY position`)
    .iterate()) {
    members += Object.keys(JSON.parse(row.head) as object).length + Object.keys(JSON.parse(row.data) as object).length
  }
  db.close()
  return members
}
