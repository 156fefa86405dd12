/**
 * Queries off the event loop: a thread with a connection of its own, which sees what was committed when a query begins. It runs one query after the other.
 * Its program is a text, so that it is the same from source and bundled.
 */
import { createRequire } from "node:module"
import { Worker } from "node:worker_threads"
import Database from "better-sqlite3"
import { FleetError } from "#kernel/errors.js"

export interface ReadingThread {
  /** Every row of a query, as objects. Rejects with what SQLite said. */
  all<T>(sql: string, values: object): Promise<T[]>
  /** Ends it when what was asked is answered; the connection is closed when this returns. */
  close(): void
}

/** Bounds how long closing waits, in ms. */
const patience = 10_000

const program = (prepare: string) => `
  const { parentPort, workerData } = require("node:worker_threads")
  const closed = () => {
    Atomics.store(workerData.closed, 0, 1)
    Atomics.notify(workerData.closed, 0)
  }
  let db
  try {
    db = new (require(workerData.driver))(workerData.file, { readonly: true, fileMustExist: true })
    db.pragma("cache_size = -" + workerData.cacheKiB)
    ${prepare}
  } catch (error) {
    closed()
    // Thrown, it would arrive without its words.
    parentPort.postMessage({ message: error.message, code: error.code })
  }
  const known = new Map()
  if (db !== undefined) parentPort.on("message", ({ no, sql, values }) => {
    if (sql === undefined) {
      db.close()
      closed()
      parentPort.close()
      return
    }
    try {
      if (known.size > 200) known.clear()
      if (!known.has(sql)) known.set(sql, db.prepare(sql))
      parentPort.postMessage({ no, rows: known.get(sql).all(values) })
    } catch (error) {
      parentPort.postMessage({ no, message: error.message, code: error.code })
    }
  })`

interface Answer {
  /** None: there is no connection, for whatever is asked. */
  readonly no?: number
  readonly rows?: unknown[]
  readonly message?: string
  readonly code?: string
}

interface Asked {
  readonly resolve: (rows: never[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * @param cacheKiB memory for pages
 * @param prepare a program that makes functions of the connection `db` that queries use
 */
export function readingThread(file: string, cacheKiB: number, prepare = ""): ReadingThread {
  const closed = new Int32Array(new SharedArrayBuffer(4))
  const driver = createRequire(import.meta.url).resolve("better-sqlite3")
  const worker = new Worker(program(prepare), {
    eval: true,
    execArgv: [],
    workerData: { file, driver, cacheKiB, closed },
    // Rows are made and handed over at once.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  })
  const asked = new Map<number, Asked>()
  let last = 0
  let ended: unknown

  const answer = (no: number, tell: (one: Asked) => void): void => {
    const one = asked.get(no)
    asked.delete(no)
    // Nothing but an answer that is waited for keeps the process.
    if (asked.size === 0) worker.unref()
    if (one !== undefined) tell(one)
  }
  const end = (error: unknown): void => {
    ended ??= error
    for (const no of asked.keys()) answer(no, ({ reject }) => reject(ended))
  }

  worker.unref()
  worker.on("message", ({ no, rows, message = "", code }: Answer) => {
    const error = () => (code === undefined ? new Error(message) : new Database.SqliteError(message, code))
    if (no === undefined) end(error())
    else answer(no, ({ resolve, reject }) => (rows === undefined ? reject(error()) : resolve(rows as never[])))
  })
  worker.on("error", end)
  worker.on("exit", () => end(new FleetError("StoreUnavailable", "the thread that reads has ended")))

  return {
    all<T>(sql: string, values: object): Promise<T[]> {
      return new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended)
        const no = ++last
        asked.set(no, { resolve, reject })
        worker.ref()
        worker.postMessage({ no, sql, values }, [])
      })
    },
    close() {
      if (ended !== undefined) return
      worker.postMessage({}, [])
      // What was answered by then is still told: a thread's last messages come before its end.
      if (Atomics.wait(closed, 0, 0, patience) === "timed-out") void worker.terminate()
    },
  }
}
