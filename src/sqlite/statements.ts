/** Statements made once per text: preparing a query with many parts takes longer than many queries do. */
import type { Statement } from "better-sqlite3"
import type { Db } from "./open.js"

/** Texts hold no values, so there are few different ones; what was used longest ago goes first. */
const kept = 200

/** The statement with a text. It is shared: not to be run again while it is iterated over, nor put into another mode. */
export function statementsOf(db: Db): <T>(sql: string) => Statement<[object], T> {
  const known = new Map<string, Statement<[object]>>()
  return <T>(sql: string) => {
    const found = known.get(sql) ?? db.prepare<[object]>(sql)
    known.delete(sql)
    known.set(sql, found)
    const [oldest] = known.keys()
    if (known.size > kept && oldest !== undefined) known.delete(oldest)
    return found as Statement<[object], T>
  }
}
