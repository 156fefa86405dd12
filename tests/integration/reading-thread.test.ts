import path from "node:path"
import Database from "better-sqlite3"
import { describe, expect, it, onTestFinished } from "vitest"
import { readingThread } from "#sqlite/reading-thread.js"
import { tempFolder } from "#tests/support/temp-folder.js"

async function threadOn(rows: number) {
  const file = path.join(await tempFolder(), "some.db")
  const db = new Database(file)
  db.pragma("journal_mode = WAL")
  db.exec("CREATE TABLE numbers (n INTEGER) STRICT")
  const insert = db.prepare("INSERT INTO numbers VALUES (?)")
  for (let n = 0; n < rows; n++) insert.run(n)
  const thread = readingThread(file, 1_024)
  onTestFinished(() => {
    thread.close()
    db.close()
  })
  return { thread, insert }
}

/** Long enough that the loop turns many times meanwhile, anywhere. */
const long = `WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 1000000) SELECT count(*) AS count FROM up`

describe("a thread that reads", () => {
  it("answers with rows, of what was committed when it was asked", async () => {
    const { thread, insert } = await threadOn(2)
    const above = async (n: number) => thread.all("SELECT n FROM numbers WHERE n >= $n ORDER BY n", { n })
    expect(await above(1)).toStrictEqual([{ n: 1 }])
    insert.run(7)
    expect(await above(1)).toStrictEqual([{ n: 1 }, { n: 7 }])
  })

  it("holds up nothing else", async () => {
    const { thread } = await threadOn(0)
    let turns = 0
    let isAnswered = false
    const turn = () => {
      turns += 1
      if (!isAnswered) setImmediate(turn)
    }
    const answer = thread.all(long, {}).finally(() => (isAnswered = true))
    turn()
    expect(await answer).toStrictEqual([{ count: 1_000_000 }])
    expect(turns).toBeGreaterThan(10)
  })

  it("says what SQLite says, and goes on", async () => {
    const { thread } = await threadOn(1)
    const failed = thread.all("SELECT missing FROM numbers", {})
    await expect(failed).rejects.toThrow("no such column: missing")
    await expect(failed).rejects.toMatchObject({ code: "SQLITE_ERROR" })
    await expect(failed).rejects.toBeInstanceOf(Database.SqliteError)
    expect(await thread.all("SELECT n FROM numbers", {})).toStrictEqual([{ n: 0 }])
  })

  it("answers what was asked before it was closed, and nothing after", async () => {
    const { thread } = await threadOn(1)
    const asked = [thread.all(long, {}), thread.all("SELECT n FROM numbers", {})]
    thread.close()
    expect(await Promise.all(asked)).toStrictEqual([[{ count: 1_000_000 }], [{ n: 0 }]])
    await expect(thread.all("SELECT n FROM numbers", {})).rejects.toMatchObject({ code: "StoreUnavailable" })
  })

  it("fails whatever is asked of a file that cannot be read", async () => {
    const thread = readingThread(path.join(await tempFolder(), "missing.db"), 1_024)
    await expect(thread.all("SELECT 1", {})).rejects.toMatchObject({ code: "SQLITE_CANTOPEN" })
    thread.close()
  })
})
