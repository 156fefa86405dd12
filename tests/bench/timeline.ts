/** Moving through time: one entity at a point, and the difference of two points. */
import { systemClock } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { Views } from "#projections/views.js"
import { takeSnapshot } from "#snapshots/take.js"
import { diff } from "#timeline/diff.js"
import { entityRef } from "#timeline/entity.js"
import type { FleetOnDisk } from "./fleet-on-disk.js"
import { type Row, median, percentile, seconds } from "./report.js"
import { random } from "./synthetic-fleet.js"

const facets = ["lifecycle", "identity", "hardware", "os", "network", "storage", "sockets", "resources"]

export async function benchEntity(
  views: Views,
  { fleet, ledger, discovered }: FleetOnDisk,
  targets: number,
): Promise<Row[]> {
  const { position: head } = await ledger.head()
  const dice = random(7)
  const once = async (wanted: readonly string[] | undefined): Promise<number> => {
    const id = fleet.targetId(Math.floor(dice() * targets))
    const at = (discovered + Math.floor(dice() * (head - discovered))) as Position
    const started = performance.now()
    const record = await views.inventory.record(id)
    if (record === undefined) throw new Error(`no record ${id}`)
    await entityRef(views, record, at)
    await views.inventory.document(record.no, at, wanted)
    return performance.now() - started
  }
  const measure = async (wanted: readonly string[] | undefined) => {
    const times: number[] = []
    for (let i = 0; i < 3_000; i++) times.push(await once(wanted))
    return percentile(times.slice(500), 0.95)
  }
  const shown = await measure(facets)
  const all = await measure(undefined)
  const events = (head + 1).toLocaleString("en")
  return [
    {
      what: `one entity at a point, ${events} events, p95`,
      budget: "≤ 0.5 ms",
      measured: `${shown.toFixed(3)} ms`,
      pass: shown <= 0.5,
    },
    {
      what: "the same with its 500 packages, p95",
      budget: "(none)",
      measured: `${all.toFixed(3)} ms`,
      pass: true,
    },
  ]
}

/** Last, as it moves the ledger on. */
export async function benchSnapshot(views: Views, ledger: Ledger): Promise<Row> {
  const reached = async (position: Position): Promise<void> => {
    const after = views.checkpoint()
    if (after < position) await views.handle(await ledger.readAll({ after, limit: 1_000 }))
  }
  const line = { ledger, views, clock: systemClock, reached }
  const { position, time } = await ledger.head()
  const times: number[] = []
  for (let i = 0; i < 20; i++) {
    const taking = { name: `bench-${i}`, type: "manual", point: { position, time } } as const
    times.push((await seconds(() => takeSnapshot(line, taking, { actor: "bench" }))) * 1_000)
  }
  const took = median(times)
  return { what: "a snapshot", budget: "< 5 ms", measured: `${took.toFixed(1)} ms`, pass: took < 5 }
}

/** Milliseconds of the diff over the last `changes` events, as the median of several. */
export async function diffTime(
  views: Views,
  ledger: Ledger,
  changes: number,
): Promise<{ readonly ms: number; readonly items: number }> {
  const { position: head } = await ledger.head()
  const times: number[] = []
  let items = 0
  for (let i = 0; i < 7; i++) {
    times.push(
      (await seconds(async () => (items = (await diff(views, (head - changes) as Position, head)).length))) * 1_000,
    )
  }
  return { ms: median(times), items }
}

export async function benchDiff(
  small: { views: Views; ledger: Ledger },
  large: { views: Views; ledger: Ledger },
  changes: number,
): Promise<Row[]> {
  const few = await diffTime(small.views, small.ledger, changes)
  const many = await diffTime(large.views, large.ledger, changes)
  const each = (few.ms * 1_000) / changes
  return [
    {
      what: `diff over ${changes.toLocaleString("en")} changes (${few.items} entities)`,
      budget: "≤ 30 µs a change",
      measured: `${each.toFixed(1)} µs`,
      pass: each <= 30,
    },
    {
      what: "the same changes in a fleet 10 × larger",
      budget: "≤ 1.2 ×",
      measured: `${(many.ms / few.ms).toFixed(2)} ×`,
      pass: many.ms / few.ms <= 1.2,
    },
  ]
}
