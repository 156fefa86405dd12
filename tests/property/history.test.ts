/** History, density and blame answer what reading all events and replaying them answers, whatever is asked for. */
import { type RecordedEvent, catalog } from "#events/catalog.js"
import { severities, severityOf } from "#events/severity.js"
import { epochMs, instant } from "#kernel/clock.js"
import type { RunId } from "#kernel/ids.js"
import { type JsonObject, isObject } from "#kernel/json.js"
import { applyPatch } from "#kernel/patch.js"
import { type Position, origin } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { replay } from "#projections/inventory/evolve.js"
import { patchOf } from "#projections/inventory/patch-of.js"
import { unitAt, unitsOf } from "#projections/inventory/units.js"
import type { HistoryFilter } from "#projections/history/filter.js"
import type { HistoryPage } from "#projections/history/read.js"
import { Views } from "#projections/views.js"
import { blame } from "#timeline/blame.js"
import { densityOf } from "#timeline/density.js"
import { often } from "#tests/support/often.js"
import { type History, anyHistory, byStream } from "#tests/support/random-history.js"
import { TestClock } from "#tests/support/test-clock.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const runs = ["6f1d3c52-58a9-4a37-9d3c-0f4b8a7a2b10", "6f1d3c52-58a9-4a37-9d3c-0f4b8a7a2b11"] as RunId[]

/** How each append of a history comes about: after how long, by whom, and how much earlier it occurred. */
const anyCircumstances = fc.array(
  fc.record({
    after: fc.constantFrom(0, 0, 1, 1_000, 60_000),
    actor: fc.constantFrom("discovery", "user:ada"),
    source: fc.option(fc.constantFrom("here", "there"), { nil: undefined }),
    runId: fc.option(fc.constantFrom(...runs), { nil: undefined }),
    earlier: fc.option(fc.constantFrom(0, 500, 61_000), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 8 },
)

interface Told {
  readonly views: Views
  readonly events: readonly RecordedEvent[]
}

async function always(
  more: fc.Arbitrary<number>[],
  claim: (told: Told, ...dice: number[]) => Promise<void>,
  numRuns: number,
): Promise<void> {
  const dice = fc.tuple(...more)
  await fc.assert(
    fc.asyncProperty(anyHistory, anyCircumstances, dice, async (history: History, circumstances, thrown) => {
      const clock = new TestClock()
      const [ledger, views] = [openSqliteLedger(":memory:", clock), new Views(":memory:")]
      try {
        for (const [index, { stream, events }] of history.entries()) {
          const { after, earlier, ...by } = circumstances[index % circumstances.length] as (typeof circumstances)[0]
          clock.advance(after)
          const occurred = earlier === undefined ? {} : { occurredAt: instant(epochMs(clock.now()) - earlier) }
          const metadata = Object.fromEntries(Object.entries(by).filter(([, value]) => value !== undefined))
          const stamped = events.map((event) => ({
            ...event,
            ...occurred,
            metadata: metadata as typeof event.metadata,
          }))
          await ledger.append(stream, await ledger.revisionOf(stream), stamped, `history ${index}`)
        }
        const events = await ledger.readAll({ after: origin, limit: 10_000 })
        fc.pre(events.length > 0)
        for (const batch of [events.slice(0, 5), events.slice(5)]) await views.handle(batch)
        await claim({ views, events }, ...thrown)
      } finally {
        views.close()
        await ledger.close()
      }
    }),
    { numRuns },
  )
}

const isChange = ({ type }: RecordedEvent) => catalog[type].change

/** The units that an event wrote: what stood there before and what stands there then. */
function written(before: JsonObject, event: RecordedEvent): Set<string> {
  const document = structuredClone(before)
  const paths = new Set<string>()
  for (const operation of structuredClone(patchOf(event))) {
    const { unit } = unitAt(operation.path)
    const note = () => {
      for (const { path } of unitsOf("", document)) if (path === unit || path.startsWith(`${unit}/`)) paths.add(path)
    }
    if (operation.op !== "test") note()
    applyPatch(document, [operation])
    if (operation.op !== "test") note()
  }
  return paths
}

/** Of every change what it wrote. */
function allWritten(events: readonly RecordedEvent[]): Map<Position, Set<string>> {
  const all = new Map<Position, Set<string>>()
  for (const own of byStream(events).values()) {
    own.forEach((event, index) => all.set(event.position, written(replay(own.slice(0, index)), event)))
  }
  return all
}

const pick = <T>(items: readonly T[], die: number): T | undefined => items[die % (items.length + 1)]
const die = fc.nat()

describe("a filtered history", () => {
  it("has the changes that are so and no others, page by page, newest or oldest first, of the fleet and of any entity", () =>
    always(
      Array.from({ length: 12 }, () => die),
      async ({ views, events }, ...dice) => {
        const changes = events.filter(isChange)
        const wrote = allWritten(events)
        const fields = [
          ...new Set([...wrote.values()].flatMap((paths) => [...paths].flatMap((path) => [path, facetOf(path)]))),
        ]
        const [type, severity, actor, source, run, field] = [
          pick([...new Set(changes.map((event) => event.type))], dice[0] as number),
          pick(severities, dice[1] as number),
          pick(["discovery", "user:ada"], (dice[2] as number) * 3 + 2),
          pick(["here", "there"], dice[3] as number),
          pick(runs, dice[4] as number),
          pick(fields, dice[5] as number),
        ]
        // One filter or two at a time: all at once leave nothing.
        const given: HistoryFilter[] = [
          type === undefined ? {} : { types: [type, "TargetRetired"] },
          severity === undefined ? {} : { severities: severities.slice(severities.indexOf(severity)) },
          actor === undefined ? {} : { actor },
          source === undefined ? {} : { source },
          run === undefined ? {} : { runId: run },
          field === undefined ? {} : { field },
        ]
        const [one, other] = [given[(dice[6] as number) % 6], given[(dice[7] as number) % 6]]
        const filter: HistoryFilter = { ...one, ...other }
        const [since, until] = [pick(events, dice[8] as number), pick(events, dice[9] as number)]
        const at = ((dice[10] as number) % 4 === 0 ? Math.floor(events.length / 2) : events.length - 1) as Position
        const page: HistoryPage = {
          at,
          filter,
          newestFirst: (dice[11] as number) % 2 === 0,
          limit: 1 + ((dice[11] as number) % 7),
          ...(since && { since: { position: since.position, time: epochMs(since.recordedAt) } }),
          ...(until && { until: { position: until.position, time: epochMs(until.recordedAt) } }),
        }
        const matching = changes.filter(
          (event) =>
            event.position <= at &&
            (filter.types?.includes(event.type) ?? true) &&
            (filter.severities?.includes(severityOf(event)) ?? true) &&
            (filter.actor ?? event.metadata.actor) === event.metadata.actor &&
            (filter.source ?? event.metadata.source) === event.metadata.source &&
            (filter.runId ?? event.metadata.runId) === event.metadata.runId &&
            (filter.field === undefined || isUnder(wrote.get(event.position), filter.field)) &&
            isWithin(event, since, until),
        )
        const inOrder = (found: readonly RecordedEvent[]) =>
          found.map(({ position }) => position).sort((a, b) => (page.newestFirst ? b - a : a - b))
        expect(await allPages(views, page)).toStrictEqual(inOrder(matching))
        for (const [stream, own] of byStream(events)) {
          const record = await views.inventory.record(stream.slice(stream.indexOf("-") + 1))
          const recordNos = [record?.no as number]
          const its = matching.filter((event) => event.stream === stream)
          expect(await allPages(views, { ...page, recordNos, own: true })).toStrictEqual(inOrder(its))
          const beneath = new Set(
            [...byStream(events)].filter(([, [first]]) => targetOf(first) === record?.id).map(([on]) => on),
          )
          const theirs = matching.filter((event) => event.stream === stream || beneath.has(event.stream))
          expect(own.length > 0 && (await allPages(views, { ...page, recordNos }))).toStrictEqual(inOrder(theirs))
        }
      },
      often(15),
    ))
})

function targetOf(first: RecordedEvent | undefined): string | undefined {
  return first?.type === "ServiceDiscovered" || first?.type === "StackDiscovered" ? first.data.target : undefined
}

function facetOf(path: string): string {
  return /^\/[^/]*/.exec(path)?.[0] ?? path
}

function isUnder(paths: ReadonlySet<string> | undefined, field: string): boolean {
  return [...(paths ?? [])].some((path) => path === field || path.startsWith(`${field}/`))
}

/** By when it occurred, where that is known, or else by where it stands. */
function isWithin(event: RecordedEvent, since: RecordedEvent | undefined, until: RecordedEvent | undefined): boolean {
  const { occurredAt, position } = event
  const after =
    since === undefined || (occurredAt === undefined ? position > since.position : occurredAt > since.recordedAt)
  return (
    after &&
    (until === undefined || (occurredAt === undefined ? position <= until.position : occurredAt <= until.recordedAt))
  )
}

async function allPages({ history }: Views, page: HistoryPage): Promise<Position[]> {
  const positions: Position[] = []
  let after: Position | undefined
  do {
    const answer = await history.page({ ...page, ...(after !== undefined && { after }) })
    expect(answer.positions.length).toBeLessThanOrEqual(page.limit)
    positions.push(...answer.positions)
    after = answer.next ?? undefined
  } while (after !== undefined)
  return positions
}

describe("the density of changes", () => {
  it("counts each change once, in the part of the time in which it was recorded, at any zoom and any point", () =>
    always(
      [die, die, die, fc.integer({ min: 1, max: 50 })],
      async ({ views, events }, first, last, until, buckets) => {
        const timeOf = (index: number) => (events[index % events.length] as RecordedEvent).recordedAt
        const [from, to] = [timeOf(first), timeOf(last)].sort()
        const at = (events[until % events.length] as RecordedEvent).position
        const point = { position: at, time: timeOf(events.length - 1) }
        const range = {
          from: instant(epochMs(from as never) - 1),
          to: to as typeof point.time,
          buckets,
        }
        const streams = [...byStream(events).keys()]
        for (const stream of [undefined, ...streams]) {
          const record = stream && (await views.inventory.record(stream.slice(stream.indexOf("-") + 1)))
          const density = await densityOf(views, point, { ...range, ...(record && { recordNos: [record.no] }) })
          const beneath = new Set(
            [...byStream(events)].filter(([, [begin]]) => targetOf(begin) === (record && record.id)).map(([on]) => on),
          )
          const counted = events.filter(
            (event) =>
              isChange(event) &&
              event.position <= at &&
              (stream === undefined || event.stream === stream || beneath.has(event.stream)),
          )
          expect(density[0]?.from).toBe(range.from)
          expect(density.at(-1)?.to).toBe(range.to)
          for (const bucket of density) {
            const inside = counted.filter(({ recordedAt }) => recordedAt > bucket.from && recordedAt <= bucket.to)
            for (const severity of severities)
              expect(bucket[severity]).toBe(inside.filter((event) => severityOf(event) === severity).length)
          }
        }
      },
      often(8),
    ))
})

describe("blame", () => {
  it("names of each field, at every position, the event that wrote it last", () =>
    always(
      [],
      async ({ views, events }) => {
        const wrote = allWritten(events)
        for (const [stream, own] of byStream(events)) {
          const record = await views.inventory.record(stream.slice(stream.indexOf("-") + 1))
          if (record === undefined) throw new Error("no record")
          for (const { position: at } of own) {
            const units = unitsOf("", replay(own.filter(({ position }) => position <= at))).filter(
              ({ path }) => path !== "",
            )
            const fields = units.filter(
              ({ path, value }) => !(isObject(value) && units.some((unit) => unit.path.startsWith(`${path}/`))),
            )
            const expected = fields.map(({ path, value }) => {
              const last = own.findLast(({ position }) => position <= at && wrote.get(position)?.has(path) === true)
              return { path, value, position: last?.position }
            })
            const told = await blame(views, [record], at)
            expect(told.map(({ path, value, position }) => ({ path, value, position }))).toStrictEqual(
              expected.sort((a, b) => (a.path < b.path ? -1 : 1)),
            )
            const under = fields[at % fields.length]?.path ?? "/os"
            expect(await blame(views, [record], at, facetOf(under))).toStrictEqual(
              told.filter(({ path }) => facetOf(path) === facetOf(under)),
            )
            expect(await blame(views, [record], at, under)).toStrictEqual(
              told.filter(({ path }) => path === under || path.startsWith(`${under}/`)),
            )
          }
        }
      },
      often(8),
    ))
})
