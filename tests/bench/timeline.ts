/** Moving through time: one entity at a point, and the difference of two points. */
import { systemClock } from "#kernel/clock.js"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { type Position, origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { Views } from "#projections/views.js"
import { difference } from "#timeline/diff/diff.js"
import type { Way } from "#timeline/diff/differing.js"
import { takeSnapshot } from "#snapshots/take.js"
import { entityRef } from "#timeline/entity.js"
import { itemsBetween } from "#tests/support/differences.js"
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
    const taking = { name: `bench-${process.pid}-${i}`, type: "manual", point: { position, time } } as const
    times.push((await seconds(() => takeSnapshot(line, taking, { actor: "bench" }))) * 1_000)
  }
  const took = median(times)
  return { what: "a snapshot", budget: "< 5 ms", measured: `${took.toFixed(1)} ms`, pass: took < 5 }
}

/** Milliseconds of the diff over the last `changes` events with all that is told, as the median of several. */
export async function diffTime(
  { views, ledger }: Fleet,
  changes: number,
  way?: Way,
): Promise<{ readonly ms: number; readonly items: number }> {
  const { position: head } = await ledger.head()
  const asked = { from: (head - changes) as Position, to: head, ...(way && { way }) }
  const times: number[] = []
  let items = 0
  for (let i = 0; i < 7; i++) {
    times.push((await seconds(async () => (items = (await itemsBetween(views, ledger, asked)).length))) * 1_000)
  }
  return { ms: median(times), items }
}

interface Fleet {
  readonly views: Views
  readonly ledger: Ledger
}

export async function benchDiff(small: Fleet, large: Fleet, changes: number): Promise<Row[]> {
  const told = await diffTime(large, changes)
  const each = (told.ms * 1_000) / changes
  // By what was touched alone: of a small fleet, going through all of it may be cheaper.
  const few = await diffTime(small, changes, "touched")
  const many = await diffTime(large, changes, "touched")
  return [
    {
      what: `diff over ${changes.toLocaleString("en")} changes (${told.items} entities)`,
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

/** Where counting by what was touched begins to cost more than going through everything, and what the choice between them costs. */
export async function benchWays({ views, ledger }: Fleet, changes: number): Promise<Row[]> {
  const { position: head } = await ledger.head()
  const counting = async (from: Position, way?: Way) => {
    const times: number[] = []
    const count = () => difference(views, ledger, { from, to: head, ...(way && { way }) })
    for (let i = 0; i < 5; i++) times.push((await seconds(count)) * 1_000)
    return median(times)
  }
  const ratios: number[] = []
  let crossing: string | undefined
  for (const share of [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.4, 1]) {
    const between = Math.round(changes * share)
    const from = (head - between) as Position
    const [touched, states] = [await counting(from, "touched"), await counting(from, "states")]
    ratios.push((await counting(from)) / Math.min(touched, states))
    if (touched > states) crossing ??= `${between.toLocaleString("en")} changes`
  }
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await counting(origin)
  delay.disable()
  return [
    {
      what: `diff: going through all ${(await views.inventory.between.knownBy(head)).toLocaleString("en")} records is cheaper from`,
      budget: "(none)",
      measured: crossing ?? "never",
      pass: true,
    },
    {
      what: "the way that is chosen against the better one, at worst",
      budget: "(none)",
      measured: `${Math.max(...ratios).toFixed(2)} ×`,
      pass: true,
    },
    {
      what: "longest that anybody waits meanwhile, from the empty ledger to now",
      budget: "≤ 50 ms",
      measured: `${(delay.max / 1e6).toFixed(0)} ms`,
      pass: delay.max / 1e6 <= 50,
    },
  ]
}
