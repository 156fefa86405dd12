/**
 * Keeping a store's write-ahead log short without standing still for it: what is in the log goes into the file by a thread, which waits for the disk. Left to SQLite, the commit
 * that makes the log too long does it, and everything else in this process waits for that. One thread serves all stores; it begins when a log first becomes long.
 * Its program is a text, so that it is the same from source and bundled.
 */
import { createRequire } from "node:module"
import { Worker } from "node:worker_threads"
import type { Db } from "./open.js"

export interface ShortLog {
  /** To be told of every commit. */
  committed(): void
  /** Waits for what is under way, so that the store may be closed, and its files moved. */
  close(): void
}

/** Pages of a log that are worth the work, and so many that SQLite does it after all. */
const [long, tooLong] = [500, 8_000]
/** Commits between two looks at the log. */
const every = 16
/** Bounds how long closing waits, in ms. */
const patience = 10_000

const program = `
  const { parentPort, workerData } = require("node:worker_threads")
  const Database = require(workerData.driver)
  parentPort.on("message", ({ file, busy }) => {
    try {
      const db = new Database(file, { fileMustExist: true })
      try {
        db.pragma("wal_checkpoint(PASSIVE)")
      } finally {
        db.close()
      }
    } catch {
      // It is tried again when the log is longer; where it cannot be done at all, a commit says why.
    }
    Atomics.store(busy, 0, 0)
    Atomics.notify(busy, 0)
  })`

let thread: Worker | undefined
const asked = new Set<Int32Array>()

function ask(file: string, busy: Int32Array): void {
  if (thread === undefined) {
    const driver = createRequire(import.meta.url).resolve("better-sqlite3")
    const begun = new Worker(program, {
      eval: true,
      execArgv: [],
      workerData: { driver },
      resourceLimits: { maxYoungGenerationSizeMb: 1 },
    })
    begun.unref()
    // What it was asked stays undone; the next log that is long begins another.
    const over = () => {
      if (thread !== begun) return
      thread = undefined
      for (const undone of asked) Atomics.store(undone, 0, 0)
      asked.clear()
    }
    begun.on("error", over)
    begun.on("exit", over)
    thread = begun
  }
  asked.add(busy)
  thread.postMessage({ file, busy }, [])
}

interface LogState {
  /** Pages in the log, and how many of them are in the file, too. */
  readonly log: number
  readonly checkpointed: number
}

/** @param db a file in WAL mode */
export function shortLog(db: Db): ShortLog {
  const busy = new Int32Array(new SharedArrayBuffer(4))
  const look = db.prepare<[], LogState>("PRAGMA wal_checkpoint(NOOP)")
  db.pragma(`wal_autocheckpoint = ${tooLong}`)
  let commits = 0
  return {
    committed() {
      commits += 1
      if (commits % every !== 0 || Atomics.load(busy, 0) === 1) return
      const state = look.get()
      if (state === undefined || state.log - state.checkpointed < long) return
      Atomics.store(busy, 0, 1)
      ask(db.name, busy)
    },
    close() {
      Atomics.wait(busy, 0, 1, patience)
      asked.delete(busy)
    },
  }
}
