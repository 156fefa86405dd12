/** Durable appends in batches of 1,000, against a bare SQLite insert of the same bytes with the same durability in the same run. */
import Database from "better-sqlite3"
import type { NewEvent } from "#events/catalog.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { type Row, median, perSecond, seconds } from "./report.js"
import { SyntheticFleet } from "./synthetic-fleet.js"

const batch = 1_000
const batches = 20
const rounds = 7
/** Of an envelope without its payload, as these events have it. */
const headBytes = 330

export async function benchAppend(folder: string): Promise<Row[]> {
  const events: NewEvent[] = [...new SyntheticFleet(100).changes(batch)].flatMap((append) => append.events)
  const ratios: number[] = []
  const speeds: number[] = []
  for (let round = 0; round < rounds; round++) {
    const ours = await appendOurs(`${folder}/append-${round}.db`, events)
    const bare = await appendBare(`${folder}/bare-${round}.db`, events)
    ratios.push(bare / ours)
    speeds.push(ours)
  }
  const ratio = median(ratios)
  return [
    {
      what: "append, batches of 1,000, validated, hashed and in the tree",
      budget: "≥ 0.35 × bare SQLite",
      measured: `${ratio.toFixed(2)} × (${perSecond(batch * batches, median(speeds))})`,
      pass: ratio >= 0.35,
    },
  ]
}

async function appendOurs(file: string, events: readonly NewEvent[]): Promise<number> {
  const ledger = openSqliteLedger(file)
  const took = await seconds(async () => {
    for (let i = 0; i < batches; i++) {
      // One stream of each kind per batch: two appends that share a commit.
      const streams = (["target", "service"] as const).map((family) => ({
        stream: `${family}-${recordId("bench", family, String(i))}` as StreamName,
        events: events.filter((event) => event.type.toLowerCase().startsWith(family)),
      }))
      await Promise.all(streams.map(({ stream, events: own }) => ledger.append(stream, -1, own, "bench")))
    }
  })
  await ledger.close()
  return took
}

/** The same columns with the same constraints: what any store of events has to insert, and nothing of what it has to check or compute. */
async function appendBare(file: string, events: readonly NewEvent[]): Promise<number> {
  const db = new Database(file)
  db.pragma("page_size = 16384")
  db.pragma("journal_mode = WAL")
  db.pragma("synchronous = FULL")
  db.exec(`CREATE TABLE events (position INTEGER PRIMARY KEY, stream_no INTEGER NOT NULL, revision INTEGER NOT NULL,
    type_no INTEGER NOT NULL, recorded_at INTEGER NOT NULL, head TEXT NOT NULL, data TEXT NOT NULL, salt BLOB NOT NULL, leaf BLOB NOT NULL,
    UNIQUE (stream_no, revision)) STRICT`)
  const insert = db.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
  const [salt, leaf] = [Buffer.alloc(16, 1), Buffer.alloc(32, 1)]
  const rows = events.map((event) => ({ head: "x".repeat(headBytes), data: canonicalJson(event.data) }))
  let position = 0
  const insertAll = db.transaction((stream: number) => {
    rows.forEach(({ head, data }, revision) =>
      insert.run(position++, stream, revision, 1, 1_800_000_000_000, head, data, salt, leaf),
    )
  })
  const took = await seconds(() => {
    for (let i = 0; i < batches; i++) insertAll.immediate(i)
  })
  db.close()
  return took
}
