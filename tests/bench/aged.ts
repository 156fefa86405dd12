/**
 * One entity at a point, in a fleet that grows older: the same 1,000 targets with 10,000 services after ever more events. The inventory's rows alone are made, straight
 * from the events, as a ledger of ten million with all views would take hours and 20 GB; the reads that are measured read nothing else.
 */
import Database from "better-sqlite3"
import type { RecordedEvent } from "#events/catalog.js"
import { eventId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { entitiesProjection } from "#projections/entities/project.js"
import { foldingBy } from "#projections/folding.js"
import { inventoryProjection } from "#projections/inventory/project.js"
import { inventoryReader } from "#projections/inventory/read.js"
import { type Row, median, percentile } from "./report.js"
import { type Append, SyntheticFleet, random } from "./synthetic-fleet.js"

const targets = 1_000
const facets = ["lifecycle", "identity", "hardware", "os", "network", "storage", "sockets", "resources"]

export async function benchAged(folder: string, sizes: readonly number[]): Promise<Row[]> {
  const db = new Database(`${folder}/aged.db`).unsafeMode()
  for (const pragma of ["page_size = 16384", "journal_mode = OFF", "synchronous = OFF", "cache_size = -32768"])
    db.pragma(pragma)
  // Names are looked up in the other's; nobody is asked for by name here.
  for (const { tables } of [inventoryProjection, entitiesProjection]) db.exec(tables)
  const { project, settle } = foldingBy([inventoryProjection], db)
  const fold = db.transaction((events: readonly RecordedEvent[]) => {
    events.forEach(project)
    settle()
  })
  const fleet = new SyntheticFleet(targets)
  const events = recorded(fleet, Math.max(...sizes))
  const rows: Row[] = []
  let [known, first] = [0, Number.NaN]
  for (const size of sizes) {
    while (known < size) {
      const batch: RecordedEvent[] = []
      while (batch.length < 1_000 && known + batch.length < size) batch.push(events.next().value as RecordedEvent)
      fold(batch)
      known += batch.length
    }
    const [shown, all] = [await times(db, fleet, known, facets), await times(db, fleet, known, undefined)]
    const [p95, typical] = [percentile(shown, 0.95), median(shown)]
    if (Number.isNaN(first)) first = typical
    rows.push({
      what: `one entity at a point after ${known.toLocaleString("en")} events of 1,000 targets: median, p95, p95 with its 500 packages`,
      budget: "≤ 0.5 ms (p95), median ≤ 1.5 × the first",
      measured: `${typical.toFixed(3)}, ${p95.toFixed(3)}, ${percentile(all, 0.95).toFixed(3)} ms; ${(typical / first).toFixed(2)} ×`,
      pass: p95 <= 0.5 && typical <= 1.5 * first,
    })
  }
  db.close()
  return rows
}

/** Milliseconds of asking for entities at points all over their past. */
async function times(
  db: Database.Database,
  fleet: SyntheticFleet,
  known: number,
  wanted: readonly string[] | undefined,
): Promise<number[]> {
  const inventory = inventoryReader(db)
  const dice = random(7)
  const discovered = targets * 11
  const taken: number[] = []
  for (let i = 0; i < 3_000; i++) {
    const at = (discovered + Math.floor(dice() * (known - discovered))) as Position
    const id = fleet.targetId(Math.floor(dice() * targets))
    const started = performance.now()
    const record = await inventory.record(id)
    if (record === undefined) throw new Error(`no record ${id}`)
    await inventory.value(record.no, "/identity/name", at)
    await inventory.document(record.no, at, wanted)
    taken.push(performance.now() - started)
  }
  return taken.slice(1_000)
}

/** What a ledger would say of a fleet's events, in their order. */
function* recorded(fleet: SyntheticFleet, count: number): Generator<RecordedEvent> {
  let position = 0
  const all = function* (): Generator<Append> {
    yield* fleet.discovery()
    yield* fleet.changes(count)
  }
  for (const { stream, expectedRevision, events } of all())
    for (const [index, event] of events.entries())
      yield {
        ...event,
        stream,
        revision: expectedRevision + 1 + index,
        position: position++ as Position,
        id: eventId(stream, expectedRevision, "synthetic", index),
        schemaVersion: 1,
        recordedAt: event.observedAt,
      }
}
