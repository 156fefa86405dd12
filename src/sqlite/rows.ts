/** Putting many rows into a table with few statements: starting one takes several times what a row of it does. */
import type { Statement } from "better-sqlite3"
import type { Db } from "./open.js"

type Value = number | string | null

/** Rows of one statement at most. */
const atOnce = 32

/**
 * @param insert what goes before `VALUES`
 * @returns what puts rows in: their values one after the other
 */
export function rowsInto(db: Db, insert: string, columns: number): (values: Value[]) => void {
  const row = `(${Array.from({ length: columns }, () => "?").join(", ")})`
  /** By the number of rows, made when it is first needed. */
  const inserts: Statement<[Value[]]>[] = []
  const put = (values: Value[]): void => {
    const rows = values.length / columns
    const statement = (inserts[rows] ??= db.prepare<[Value[]]>(
      `${insert} VALUES ${Array.from({ length: rows }, () => row).join(", ")}`,
    ))
    statement.run(values)
  }
  const most = atOnce * columns
  return (values) => {
    if (values.length > most) for (let i = 0; i < values.length; i += most) put(values.slice(i, i + most))
    else if (values.length > 0) put(values)
  }
}
