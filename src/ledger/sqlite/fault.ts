/**
 * What is wrong with how the file keeps its events, the index of streams included, in the time that reading the file once takes. SQLite's own check looks up every event in that index, here
 * and there, which takes ten times as long once the index is larger than the cache. So both are gone through in their own order, and what each has is summed up by hashes that
 * nobody knows beforehand; only where something is wrong SQLite is asked what.
 */
import type { Db } from "#sqlite/open.js"
import { type ReadingThread, readingThread } from "#sqlite/reading-thread.js"

/** The first thing that SQLite finds: what is in no index, or in one twice. */
const integrity = "PRAGMA integrity_check(1)"
interface Integrity {
  readonly integrity_check: string
}
/** The same but for indices. */
const structure = "PRAGMA quick_check(1)"
/** Of tables whose indices are small, if they have any. */
const integrityOfOthers = `SELECT c.integrity_check FROM sqlite_schema s CROSS JOIN pragma_integrity_check(s.name) c
  WHERE s.type = 'table' AND s.name <> 'events'`
const index = "sqlite_autoindex_events_1"
const entries = `SELECT (SELECT entries(stream_no, revision, position) FROM events NOT INDEXED) AS kept,
  (SELECT entriesInOrder(stream_no, revision, position) FROM events INDEXED BY ${index}) AS found`

const cacheKiB = 8_192

/** @returns the first thing that is found; undefined if nothing is */
export async function faultIn(db: Db): Promise<string | undefined> {
  // A thread's own connection reads nothing of a ledger in memory.
  if (db.memory) return firstOf(db.prepare<[], Integrity>(integrity).all())
  const thread = readingThread(db.name, cacheKiB, aggregates)
  try {
    if (await isSound(thread)) return undefined
    return firstOf(await thread.all<Integrity>(integrity, {})) ?? `${index} is not of what events has`
  } finally {
    thread.close()
  }
}

/** NULL where an entry is wrong in itself. */
interface Summed {
  readonly kept: string | null
  readonly found: string | null
}

async function isSound(thread: ReadingThread): Promise<boolean> {
  const [checked] = await thread.all<{ quick_check: string }>(structure, {})
  if (checked?.quick_check !== "ok") return false
  if (firstOf(await thread.all<Integrity>(integrityOfOthers, {})) !== undefined) return false
  const [summed] = await thread.all<Summed>(entries, {})
  return summed !== undefined && summed.kept !== null && summed.kept === summed.found
}

function firstOf(checked: readonly Integrity[]): string | undefined {
  return checked.find(({ integrity_check: says }) => says !== "ok")?.integrity_check
}

/**
 * Aggregates over (stream, revision, position): equal texts are of the same ones. Of `entriesInOrder` one that is not behind the one before it is wrong, of both what is no integer; integers are hashed
 * by both of their halves.
 */
const aggregates = `
  const [key, otherKey] = require("node:crypto").getRandomValues(new Int32Array(2))
  const word = (hash, bits) => {
    let mix = Math.imul(hash ^ bits, 0x85ebca6b)
    mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35)
    return mix ^ (mix >>> 16)
  }
  const mixed = (hash, number) => word(word(hash, number), number / 2 ** 32)
  const whole = Number.isSafeInteger
  const summed = (isNext) => ({
    start: () => ({ count: 0, sum: 0, otherSum: 0, wrong: 0, stream: -Infinity, revision: -Infinity }),
    step(all, stream, revision, position) {
      if (!whole(stream) || !whole(revision) || !whole(position) || !isNext(all, stream, revision)) all.wrong += 1
      all.count += 1
      all.sum = (all.sum + mixed(mixed(mixed(key, stream), revision), position)) | 0
      all.otherSum = (all.otherSum + mixed(mixed(mixed(otherKey, stream), revision), position)) | 0
      all.stream = stream
      all.revision = revision
    },
    result: ({ count, sum, otherSum, wrong }) => (wrong === 0 ? [count, sum, otherSum].join() : null),
  })
  db.aggregate("entries", summed(() => true))
  db.aggregate("entriesInOrder", summed((last, stream, revision) => stream > last.stream || (stream === last.stream && revision > last.revision)))`
