/** Triggers refuse to change or remove what is recorded, whoever opens the file and however the statement is put. */
import Database from "better-sqlite3"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { ledgerFile } from "#tests/support/ledger-file.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { expect, it, onTestFinished } from "vitest"
import { everything } from "../ledger/fresh.js"

const event = (position: number, revision: number) =>
  `(position, stream_no, revision, type_no, recorded_at, head, data, salt, leaf) VALUES (${position}, 1, ${revision}, 1, 0, '{}', '{}', x'00', x'00')`

const attempts = [
  "UPDATE events SET data = '{}' WHERE position = 1",
  "UPDATE events SET recorded_at = recorded_at",
  "UPDATE OR IGNORE events SET data = '{}'",
  "UPDATE OR REPLACE events SET position = 0 WHERE position = 1",
  "DELETE FROM events WHERE position = 299",
  "DELETE FROM events",
  `INSERT INTO events ${event(1, 10)} ON CONFLICT DO UPDATE SET data = '{}'`,
  "UPDATE streams SET name = 'target-2'",
  "DELETE FROM streams",
  "UPDATE types SET name = 'TargetUnseen'",
  "DELETE FROM types",
  "UPDATE subtrees SET hash = x'00'",
  "DELETE FROM subtrees",
  // A redaction takes the salt away, keeps the hash, and touches nothing else.
  "UPDATE events SET salt = NULL, data_hash = x'00', head = '{}' WHERE position = 1",
  "UPDATE events SET salt = NULL, data_hash = x'00', leaf = x'00' WHERE position = 1",
  "UPDATE events SET salt = x'00', data = '{}' WHERE position = 1",
]

async function opened(): Promise<Database.Database> {
  const db = new Database(await ledgerFile(300))
  onTestFinished(() => void db.close())
  return db
}

function rows(db: Database.Database): unknown[][] {
  return ["events", "streams", "types", "subtrees"].map((table) => db.prepare(`SELECT * FROM ${table}`).raw().all())
}

export function appendOnly(): void {
  it.each(attempts)("refuses %s", async (statement) => {
    const db = await opened()
    const before = rows(db)
    db.pragma("foreign_keys = OFF")
    expect(() => db.exec(statement)).toThrow(/append-only/)
    expect(rows(db)).toStrictEqual(before)
  })

  it("takes the next event, so that it is the attempts above that are refused and not any insertion", async () => {
    const db = await opened()
    db.exec(`INSERT INTO events ${event(300, 300)}`)
    expect(db.prepare("SELECT count(*) FROM events").pluck().get()).toBe(301)
  })

  it("has a trigger against both ways on every table", async () => {
    const db = await opened()
    const tables = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()
    for (const table of tables) {
      const triggers = db
        .prepare<[string], string>(
          "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? AND name GLOB '*_are_never_*' ORDER BY name",
        )
        .pluck()
      expect(triggers.all(table)).toStrictEqual(["changed", "removed"].map((way) => `${table}_are_never_${way}`))
    }
  })

  it("is not opened once somebody has taken its triggers away", async () => {
    const file = await ledgerFile()
    const db = new Database(file)
    db.exec("DROP TRIGGER events_are_never_removed")
    db.close()
    const error = await refusalOf(() => openSqliteLedger(file))
    expect(error.code).toBe("StoreDamaged")
    expect(error.message).toContain("events_are_never_removed")
  })

  it("has no gap in its positions after appends that failed", async () => {
    const ledger = openSqliteLedger(await ledgerFile(3))
    onTestFinished(() => ledger.close())
    const appends = [2, 7, 2, 3, 8].map((expected, n) =>
      ledger.append(stream("target-1"), expected, changes(2, `${n}`), `run/${n}`),
    )
    const outcomes = await Promise.allSettled(appends)
    expect(outcomes.map(({ status }) => status[0])).toStrictEqual(["f", "r", "r", "r", "r"])
    await ledger.append(stream("target-2"), -1, changes(1), "other")
    expect((await everything(ledger)).map(({ position }) => position)).toStrictEqual([0, 1, 2, 3, 4, 5])
  })
}
