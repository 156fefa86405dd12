/**
 * The index by which a stream's events are found, changed beneath SQLite, with the events as they were: an entry that is missing, too many or another, or not in its place, is found, and what
 * it is of is named.
 */
import * as fs from "node:fs"
import Database from "better-sqlite3"
import { sealedLedger, verdictOn } from "#tests/support/sealed-ledger.js"
import { expect, it } from "vitest"

const index = "sqlite_autoindex_events_1"
const rootOf = (name: string) => `(SELECT rootpage FROM sqlite_schema WHERE name = '${name}')`

/** Its entries, or those of another index, as the rows of a table. */
function changeEntries(file: string, sql: string, of = index, columns = "stream_no, revision, position"): void {
  const db = new Database(file)
  db.unsafeMode(true)
  db.exec(`CREATE TABLE entries (${columns}, PRIMARY KEY (${columns})) WITHOUT ROWID`)
  const [own] = db.prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'entries'").pluck().all()
  const lead = (to: string) =>
    db.exec(
      `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = ${to} WHERE name = 'entries'; PRAGMA writable_schema = RESET`,
    )
  lead(rootOf(of))
  db.exec(sql)
  lead(`${own}`)
  db.exec("DROP TABLE entries")
  db.close()
}

/** The first two entries of a leaf of it change places. */
function swapEntries(file: string): void {
  const db = new Database(file)
  const [root] = db
    .prepare<[], number>(`SELECT ${rootOf(index)}`)
    .pluck()
    .all()
  const pageSize = db.pragma("page_size", { simple: true }) as number
  db.close()
  const bytes = fs.readFileSync(file)
  const page = bytes.subarray(((root ?? 0) - 1) * pageSize)
  expect(page[0], "a leaf of an index").toBe(10)
  const [first, second] = [page.readUInt16BE(8), page.readUInt16BE(10)]
  page.writeUInt16BE(second, 8)
  page.writeUInt16BE(first, 10)
  fs.writeFileSync(file, bytes)
}

async function wrongAfter(change: (file: string) => void) {
  const { file } = await sealedLedger()
  change(file)
  return (await verdictOn(file)).wrong
}

export function indexOfStreams(): void {
  it.each([
    ["is missing", "DELETE FROM entries WHERE position = 200", /wrong # of entries in index/],
    [
      "is missing at the end",
      "DELETE FROM entries WHERE (stream_no, revision) = (SELECT stream_no, revision FROM entries ORDER BY 1 DESC, 2 DESC LIMIT 1)",
      /wrong # of entries in index/,
    ],
    ["is too many", "INSERT INTO entries VALUES (1, 100000, 200)", /wrong # of entries in index/],
    ["is of no event", "UPDATE entries SET position = 100000 WHERE position = 200", /missing from index/],
    ["is of another revision", "UPDATE entries SET revision = 100000 WHERE position = 200", /missing from index/],
    [
      "is of another event of the stream",
      "UPDATE entries SET position = CASE position WHEN 200 THEN 201 ELSE 200 END WHERE position IN (200, 201)",
      /missing from index/,
    ],
    ["is no number", "UPDATE entries SET revision = 'x' WHERE position = 200", /missing from index/],
    [
      "is of a number beyond four bytes",
      "UPDATE entries SET position = position + 4294967296 WHERE position = 200",
      /missing from index/,
    ],
  ])("is found to be wrong where an entry %s", async (_what, sql, says) => {
    expect(await wrongAfter((file) => changeEntries(file, sql))).toMatchObject({
      position: null,
      message: expect.stringMatching(says),
    })
  })

  it("is not the only one that is looked at", async () => {
    const names = "streams_by_end"
    const wrong = await wrongAfter((file) =>
      changeEntries(file, "DELETE FROM entries WHERE no = 2", names, "name_end, no"),
    )
    expect(wrong).toMatchObject({ position: null, message: expect.stringContaining(names) })
  })

  it("is found to be wrong where entries are not in their order", async () => {
    expect(await wrongAfter(swapEntries)).toMatchObject({
      position: null,
      message: expect.stringContaining(`index ${index}`),
    })
  })
}
