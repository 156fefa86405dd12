/** Pages of 50 at a point, against the same pages now. */
import type { Point, Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { Condition } from "#projections/entities/condition.js"
import type { Sort } from "#projections/entities/read.js"
import type { Kind } from "#projections/inventory/read.js"
import type { Views } from "#projections/views.js"
import { momentOf } from "#query/moments.js"
import { parseQuery } from "#query/parse.js"
import { understand } from "#query/understand.js"
import type { FleetOnDisk } from "./fleet-on-disk.js"
import { type Row, median, percentile } from "./report.js"
import { random } from "./synthetic-fleet.js"

interface Asked {
  readonly kind: Kind
  readonly q: string
  readonly sort?: Sort
}

/** What people ask most, as far as we can tell: these have the strict budget. */
export const published: readonly Asked[] = [
  { kind: "target", q: "" },
  { kind: "target", q: "role:production" },
  { kind: "service", q: "status:failed" },
  { kind: "service", q: "runtime:docker target.role:production" },
  { kind: "target", q: 'os:"Debian 12" port:22' },
  { kind: "target", q: "package:openssl" },
  { kind: "target", q: "health<0.7", sort: "health" },
  { kind: "target", q: "tag:web -status:healthy" },
  { kind: "service", q: "nginx" },
  { kind: "target", q: "changed:>-1d" },
]

/** Whatever else: patterns that nothing meets, and orders that no index has. */
const others: readonly Asked[] = [
  { kind: "service", q: "nothing-has-this-word" },
  { kind: "service", q: "", sort: "status" },
  { kind: "target", q: "packages.version:1.3.0*" },
  { kind: "target", q: "service.status:failed kernel:6.1.0-2*", sort: "os" },
]

export async function benchQueries(views: Views, fleet: FleetOnDisk): Promise<Row[]> {
  const rows: Row[] = []
  for (const asked of published) rows.push(await compared(views, fleet, asked))
  for (const asked of others) {
    const times = await timesOf(views, fleet.ledger, asked, await pointsOf(fleet, 5))
    const worst = Math.max(...times)
    rows.push({
      what: `page at a point: ${nameOf(asked)}`,
      budget: "≤ 500 ms",
      measured: `${worst.toFixed(1)} ms`,
      pass: worst <= 500,
    })
  }
  return rows
}

async function compared(views: Views, fleet: FleetOnDisk, asked: Asked): Promise<Row> {
  const { ledger } = fleet
  const { position, time } = await ledger.head()
  const points = await pointsOf(fleet, 40)
  // What is read first warms the cache for both.
  await timesOf(views, ledger, asked, points.slice(0, 3))
  const now = median(
    await timesOf(
      views,
      ledger,
      asked,
      points.map(() => ({ position, time })),
    ),
  )
  const then = await timesOf(views, ledger, asked, points)
  const [ratio, p95] = [median(then) / now, percentile(then, 0.95)]
  return {
    what: `page at a point: ${nameOf(asked)}`,
    budget: "≤ 2 × now, p95 ≤ 50 ms",
    measured: `${ratio.toFixed(2)} × ${now.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`,
    pass: ratio <= 2 && p95 <= 50,
  }
}

/** Milliseconds of a page at each of the points. */
async function timesOf(views: Views, ledger: Ledger, asked: Asked, points: readonly Point[]): Promise<number[]> {
  const times: number[] = []
  for (const point of points) {
    const condition = await conditionOf(views, ledger, asked, point)
    const started = performance.now()
    await views.entities.page({
      kind: asked.kind,
      at: point.position,
      condition,
      sort: asked.sort ?? "name",
      limit: 51,
    })
    times.push(performance.now() - started)
  }
  return times
}

async function conditionOf(
  views: Views,
  ledger: Ledger,
  { q, kind }: Asked,
  point: Point,
): Promise<Condition | undefined> {
  if (q === "") return undefined
  const line = { ledger, views, clock: { now: () => point.time }, reached: async () => {} }
  const resolve = (moment: string) => momentOf(line, point, moment)
  return (await understand(parseQuery(q), { kinds: [kind], point, resolve })).get(kind)
}

/** All over what came after the first look. */
async function pointsOf({ ledger, discovered }: FleetOnDisk, count: number): Promise<Point[]> {
  const { position: head } = await ledger.head()
  const dice = random(11)
  const points: Point[] = []
  for (let i = 0; i < count; i++) {
    const position = (discovered + Math.floor(dice() * (head - discovered))) as Position
    const [event] = await ledger.readAt([position])
    if (event === undefined) throw new Error(`no event at ${position}`)
    points.push({ position, time: event.recordedAt })
  }
  return points
}

function nameOf({ kind, q, sort }: Asked): string {
  return `${kind}s ${q === "" ? "(all)" : q}${sort === undefined ? "" : ` by ${sort}`}`
}
