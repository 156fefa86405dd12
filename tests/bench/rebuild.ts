/** Folding the ledger into all views, against reading and parsing the same events. */
import Database from "better-sqlite3"
import type { Ledger } from "#ledger/port.js"
import { foldAll } from "./fleet-on-disk.js"
import { type Row, perSecond, seconds } from "./report.js"

export async function benchRebuild(ledger: Ledger, ledgerFile: string, folder: string): Promise<Row[]> {
  const events = (await ledger.head()).position + 1
  const read = await seconds(() => readAndParse(ledgerFile))
  let rss = 0
  const watch = () => (rss = Math.max(rss, process.memoryUsage.rss()))
  const rebuilt = await seconds(async () => (await foldAll(ledger, `${folder}/rebuilt.db`, watch)).close())
  const ratio = read / rebuilt
  const rate = events / rebuilt
  return [
    {
      what: `rebuild of all views, ${events.toLocaleString("en")} events`,
      budget: "≥ 0.15 × reading and parsing",
      measured: `${ratio.toFixed(2)} × (${read.toFixed(1)} s, ${rebuilt.toFixed(1)} s)`,
      pass: ratio >= 0.15,
    },
    {
      what: "rebuild of all views, speed",
      budget: "≥ 20,000/s",
      measured: perSecond(events, rebuilt),
      pass: rate >= 20_000,
    },
    {
      what: "rebuild, memory at most",
      budget: "≤ 300 MB",
      measured: `${Math.round(rss / 1e6)} MB`,
      pass: rss <= 300e6,
    },
  ]
}

/** What any rebuild has to do at least. */
function readAndParse(file: string): number {
  const db = new Database(file, { readonly: true })
  let members = 0
  for (const row of db
    .prepare<[], { head: string; data: string }>("SELECT head, data FROM events ORDER BY position")
    .iterate()) {
    members += Object.keys(JSON.parse(row.head) as object).length + Object.keys(JSON.parse(row.data) as object).length
  }
  db.close()
  return members
}
