/** The whole inventory as it is, copied into a table at every look, as tools do that "take snapshots". */
import * as fs from "node:fs"
import Database from "better-sqlite3"
import { patchBetween } from "#kernel/patch.js"
import type { JsonObject } from "#kernel/json.js"
import type { Kept, Way } from "./way.js"

export class Copies implements Way {
  readonly name = "copies in SQLite"
  readonly #file: string
  readonly #db: Database.Database
  #bytesAtFirst = 0
  #named = 0

  constructor(file: string) {
    this.#file = file
    this.#db = new Database(file)
    this.#db.pragma("journal_mode = WAL")
    this.#db.exec(`CREATE TABLE copies (day INTEGER, id TEXT, json TEXT NOT NULL, PRIMARY KEY (day, id)) WITHOUT ROWID`)
  }

  async keep({ day, all }: Parameters<Way["keep"]>[0]): Promise<void> {
    const insert = this.#db.prepare("INSERT INTO copies VALUES (?, ?, ?)")
    this.#db.transaction(() => {
      for (const [id, json] of all()) insert.run(day, id, json)
    })()
    if (day > 0) return
    this.#db.pragma("wal_checkpoint(TRUNCATE)")
    this.#bytesAtFirst = fs.statSync(this.#file).size
  }

  async finish(): Promise<void> {
    this.#db.pragma("wal_checkpoint(TRUNCATE)")
  }

  async one(id: string, day: number): Promise<number> {
    const json = this.#db.prepare<[number, string], string>("SELECT json FROM copies WHERE day = ? AND id = ?").pluck()
    return json.get(day, id)?.length ?? 0
  }

  async everything(day: number): Promise<number> {
    let length = 0
    const rows = this.#db.prepare<[number], string>("SELECT json FROM copies WHERE day = ? ORDER BY id").pluck()
    for (const json of rows.iterate(day)) length += json.length
    return length
  }

  async diff(from: number, to: number): Promise<number> {
    const rows = this.#db
      .prepare<[number, number, number, number], { before: string | null; after: string | null }>(
        `SELECT a.json AS before, b.json AS after FROM copies a LEFT JOIN copies b ON b.day = ? AND b.id = a.id
         WHERE a.day = ? AND (b.json IS NULL OR b.json <> a.json)
         UNION ALL SELECT NULL, b.json FROM copies b WHERE b.day = ? AND NOT EXISTS (SELECT 1 FROM copies a WHERE a.day = ? AND a.id = b.id)`,
      )
      .all(to, from, to, from)
    return rows.filter(({ before, after }) => changesBetween(before, after) > 0).length
  }

  async history(id: string): Promise<number> {
    const versions = this.#db
      .prepare<[string], string>(
        "SELECT json FROM (SELECT DISTINCT day FROM copies) d CROSS JOIN copies c ON c.day = d.day AND c.id = ? ORDER BY c.day",
      )
      .pluck()
      .all(id)
    return versions.filter((json, i) => changesBetween(versions[i - 1] ?? null, json) > 0).length
  }

  /** The copy is the snapshot, so it is made again. */
  async mark(day: number): Promise<void> {
    const copied = "INSERT INTO copies SELECT ?, id, json FROM copies WHERE day = ?"
    this.#db.prepare(copied).run(--this.#named, day)
  }

  async kept(): Promise<readonly Kept[]> {
    return [{ bytes: fs.statSync(this.#file).size, bytesAtFirst: this.#bytesAtFirst, how: "the file" }]
  }

  async close(): Promise<void> {
    this.#db.close()
  }
}

function changesBetween(before: string | null, after: string | null): number {
  if (before === null || after === null) return before === after ? 0 : 1
  return before === after ? 0 : patchBetween(JSON.parse(before) as JsonObject, JSON.parse(after) as JsonObject).length
}
