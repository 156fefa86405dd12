/** The rows of entities, and what finds them, answer what the merged documents of their records answer, at every position there is. */
import { join } from "node:path"
import type { EventType, NewEvent, RecordedEvent } from "#events/catalog.js"
import type { RecordId } from "#kernel/ids.js"
import { type Json, type JsonObject, isObject, jsonText } from "#kernel/json.js"
import { matchesPattern } from "#kernel/patterns.js"
import { type Position, origin } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import type { Condition, Test } from "#projections/entities/condition.js"
import { forkOf, forksOf } from "#projections/entities/interval.js"
import { type Countable, type Counted, type Counts, countable } from "#projections/entities/counts.js"
import { type Entity, type PageKey, type Sort, pageKey } from "#projections/entities/read.js"
import { spanReader, spanTables, spanWriter } from "#projections/entities/spans.js"
import { type Account, valuesOf } from "#projections/entities/summary.js"
import { healthStatus, ofUnknown } from "#projections/health/score.js"
import { replay } from "#projections/inventory/evolve.js"
import { merged } from "#projections/inventory/merge.js"
import { isDiscovery } from "#projections/inventory/project.js"
import type { Kind } from "#projections/inventory/read.js"
import { Views } from "#projections/views.js"
import { anyLinkedHistory, appendTwice } from "#tests/support/linked-history.js"
import { often } from "#tests/support/often.js"
import { type History, byStream, kinds } from "#tests/support/random-history.js"
import { metadata, observedAt, payloads, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import Database from "better-sqlite3"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** From one position up to, not including, another. */
interface Link {
  readonly record: string
  readonly target: string
  readonly since: number
  until: number
}

function linksIn(events: readonly RecordedEvent[]): readonly Link[] {
  const links: Link[] = []
  for (const { type, data, position } of events) {
    if (type === "RecordsLinked")
      links.push({ record: data.record, target: data.target, since: position, until: Infinity })
    const ended =
      type === "RecordsUnlinked" && links.find((link) => link.record === data.record && link.until === Infinity)
    if (ended) ended.until = position
  }
  return links
}

/** Counted one by one. */
function countsIn(page: readonly Entity[]): Counts {
  const valuesIn = (entity: Entity, by: Countable): readonly (string | null)[] => {
    if (by === "source") return entity.sources
    if (by === "tag") return entity.tags
    return [by === "health" ? healthStatus(entity.health) : entity[by]]
  }
  const counted = (by: Countable): readonly Counted[] => {
    const counts = new Map<string | null, number>()
    for (const entity of page) for (const value of valuesIn(entity, by)) counts.set(value, (counts.get(value) ?? 0) + 1)
    const byValue = ([a]: [string | null, number], [b]: [string | null, number]) =>
      a === null ? -1 : b === null ? 1 : Buffer.compare(Buffer.from(a), Buffer.from(b))
    return [...counts]
      .toSorted(byValue)
      .toSorted(([, a], [, b]) => b - a)
      .map(([value, count]) => ({ value, count }))
  }
  return { total: page.length, counts: Object.fromEntries(countable.map((by) => [by, counted(by)])) }
}

function byRank(scores: readonly (number | null)[]) {
  return scores.toSorted((a, b) => (a ?? ofUnknown) - (b ?? ofUnknown))
}

interface Told {
  readonly id: RecordId
  readonly kind: Kind
  readonly source: string
  readonly nativeKey: string
  readonly target: string
  readonly discovered: Position
  readonly at: (position: Position) => JsonObject
}

/** An entity at a position, by definition. */
interface Defined {
  readonly id: RecordId
  readonly kind: Kind
  readonly targetId: string
  readonly document: JsonObject
  readonly values: ReturnType<typeof valuesOf>
}

/** Not at every position, as each is as good as another and all of them take long. */
const stride = 5

/** Runs a claim on the views of a history, with what they should tell. */
async function withEntities(
  history: History,
  claim: (views: Views, at: Position, defined: readonly Defined[]) => Promise<void>,
  walked?: readonly number[],
): Promise<void> {
  const ledger = openSqliteLedger(":memory:")
  const views = new Views(":memory:", walked && { walked })
  try {
    const events = await appendTwice(ledger, history)
    const links = linksIn(events)
    for (let begin = 0; begin < events.length; begin += 3) await views.handle(events.slice(begin, begin + 3))
    const told: Told[] = [...byStream(events).values()].map((own) => {
      const [first] = own
      if (first === undefined || !isDiscovery(first)) throw new Error("no discovery")
      const [kind, id] = first.stream.split(/-(.*)/) as [Kind, RecordId]
      const { source, nativeKey } = first.data
      const documents = own.map((_, index) => replay(own.slice(0, index + 1)))
      const at = (position: Position) => documents[own.findLastIndex((event) => event.position <= position)] ?? {}
      const target = first.type === "TargetDiscovered" ? id : first.data.target
      return { id, kind, source, nativeKey, target, discovered: first.position, at }
    })
    const positions = [origin, ...events.map(({ position }) => position)]
    for (const at of positions.filter((position) => position % stride === positions.length % stride || position < 1)) {
      const linkOf = (id: string) =>
        links.find(({ record, since, until }) => record === id && since <= at && until > at)
      const adopted = events.findLast(({ type, position }) => type === "PolicyAdopted" && position <= at)
      const precedence = adopted?.type === "PolicyAdopted" ? adopted.data.policy.precedence : []
      const rank = (source: string) => (precedence.includes(source) ? precedence.indexOf(source) : precedence.length)
      const there = told.filter(({ discovered }) => discovered <= at)
      const entities = there.filter(({ id }) => linkOf(id) === undefined)
      const defined = entities.map((entity): Defined => {
        const records = there.filter(({ id }) => id === entity.id || linkOf(id)?.target === entity.id)
        const accounts: Account[] = records
          .toSorted((a, b) => rank(a.source) - rank(b.source) || a.discovered - b.discovered)
          .map(({ source, nativeKey, at: then }) => ({
            source,
            nativeKey,
            document: withLink(
              then(at),
              linkOf(records.find((one) => one.nativeKey === nativeKey && one.source === source)?.id ?? ""),
            ),
          }))
        const ids = new Set(records.map(({ id }) => id as string))
        const services = there
          .filter(({ kind, target }) => kind === "service" && ids.has(target))
          .map(({ at: then }) => then(at))
          .filter(({ lifecycle }) => lifecycle !== "retired")
          .map((document) => (isObject(document["state"]) ? document["state"]["status"] : undefined) ?? "unknown")
        return {
          id: entity.id,
          kind: entity.kind,
          targetId: linkOf(entity.target)?.target ?? entity.target,
          document:
            entity.kind === "target" ? merged(accounts.map(({ document }) => document)) : (accounts[0]?.document ?? {}),
          values: valuesOf(entity.kind, accounts, entity.kind === "target" ? (services as never[]) : []),
        }
      })
      await claim(views, at, defined)
    }
  } finally {
    views.close()
    await ledger.close()
  }
}

function withLink(document: JsonObject, link: Link | undefined): JsonObject {
  return link === undefined ? document : { ...document, link: { target: link.target } }
}

const shown = ({ no: _, kind: __, ...entity }: Entity) => entity
const expected = ({ id, values: { words: _, sources, tags, summary, ...values } }: Defined) => ({
  id,
  ...values,
  sources: JSON.parse(sources as string) as unknown,
  tags: JSON.parse(tags as string) as unknown,
  summary: JSON.parse(summary as string) as unknown,
})

const byId = <T extends { readonly id: string }>(items: readonly T[]) =>
  items.toSorted((a, b) => (a.id < b.id ? -1 : 1))

async function all(views: Views, kind: Kind, at: Position, sort: Sort = "name"): Promise<Entity[]> {
  const items: Entity[] = []
  for (let after: PageKey | undefined; ;) {
    const page = await views.entities.page({ kind, at, limit: 2, includeRetired: true, sort, after })
    items.push(...page)
    const last = page.at(-1)
    if (page.length < 2 || last === undefined) return items
    after = pageKey(last, sort)
  }
}

// Paths with a field, a collection and a field of its items of each kind.
const fields = [
  "/os/name",
  "/os/kernel",
  "/identity/name",
  "/labels/owner",
  "/config/user",
  "/state/status",
  "/hardware/cpuCores",
]
const collections = [
  "/sockets",
  "/packages",
  "/network/interfaces",
  "/storage/filesystems",
  "/config/ports",
  "/labels/tags",
]
const anyText = fc.constantFrom("a", "b", "10", "B", "*", "a*", "?", "running")
const anyTest: fc.Arbitrary<Test> = fc.oneof(
  fc.constant({ has: "value" as const }),
  fc.record({
    has: fc.constant("text" as const),
    anyOf: fc.array(fc.record({ text: anyText, pattern: fc.boolean() }), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ has: fc.constant("words" as const), words: fc.array(anyText, { minLength: 1, maxLength: 2 }) }),
  fc.record({
    has: fc.constant("number" as const),
    compare: fc.constantFrom("=" as const, "<" as const, "<=" as const, ">=" as const),
    value: fc.constantFrom(0, 0.7, 1, 2, 80),
  }),
)
const { condition: anyPlain } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthIdentifier: "condition" },
    fc.record({ is: fc.constant("field" as const), path: fc.constantFrom(...fields), test: anyTest }),
    fc.record({ is: fc.constant("item" as const), collection: fc.constantFrom(...collections), test: anyTest }),
    fc.record({
      is: fc.constant("itemField" as const),
      collection: fc.constantFrom("/sockets", "/packages", "/network/interfaces"),
      field: fc.constantFrom("process", "version", "mac"),
      keys: fc.constant(false),
      test: anyTest,
    }),
    fc.record({
      is: fc.constant("column" as const),
      column: fc.constantFrom("name", "status", "os", "role", "health", "image"),
      test: anyTest,
    }),
    fc.record({ is: fc.constant("member" as const), list: fc.constant("tags" as const), test: anyTest }),
    fc.record({ is: fc.constant("words" as const), text: fc.constantFrom("a", "b", "running") }),
    fc.record({ is: fc.constant("not" as const), of: tie("condition") }),
    fc.record({
      is: fc.constantFrom("all" as const, "any" as const),
      of: fc.array(tie("condition"), { maxLength: 2 }),
    }),
  ),
}))
const anyCondition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 2, arbitrary: anyPlain },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant("related" as const),
      kind: fc.constantFrom("target" as const, "service" as const, "stack" as const),
      of: anyPlain,
    }),
  },
)

/** Whether an entity meets a condition, by its document. */
function meets(entity: Defined, condition: Condition, defined: readonly Defined[]): boolean {
  switch (condition.is) {
    case "all":
      return condition.of.every((part) => meets(entity, part, defined))
    case "any":
      return condition.of.some((part) => meets(entity, part, defined))
    case "not":
      return !meets(entity, condition.of, defined)
    case "column":
      return passes(entity.values[condition.column] ?? undefined, condition.test)
    case "member":
      return (JSON.parse(entity.values["tags"] as string) as string[]).some((tag) => passes(tag, condition.test))
    case "words":
      return (entity.values["words"] as string).includes(condition.text)
    case "field":
      return passes(valueAt(entity.document, condition.path), condition.test)
    case "item":
      return itemsAt(entity.document, condition.collection).some(([key]) =>
        passes(keyValue(key, condition.test), condition.test),
      )
    case "itemField":
      return itemsAt(entity.document, condition.collection).some(
        ([, item]) => isObject(item) && passes(item[condition.field], condition.test),
      )
    case "related": {
      if (condition.kind === entity.kind) return meets(entity, condition.of, defined)
      const others = defined.filter(({ kind, targetId }) => kind === condition.kind && targetId === entity.targetId)
      const related = others.filter(({ values }) => {
        const [kind, stack] = [entity.kind, entity.values["stack"]]
        if (kind === "target" || condition.kind === "target") return true
        return kind === "service" ? values["name"] === stack : values["stack"] === entity.values["name"]
      })
      return related.some((other) => meets(other, condition.of, defined))
    }
    default:
      throw new Error(`not defined here: ${condition.is}`)
  }
}

function valueAt(document: Json | undefined, path: string): Json | undefined {
  return path
    .slice(1)
    .split("/")
    .reduce<Json | undefined>(
      (holder, key) => (isObject(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined),
      document,
    )
}

function itemsAt(document: JsonObject, collection: string): [string, Json][] {
  const items = valueAt(document, collection)
  return isObject(items) ? Object.entries(items).map(([key, item]) => [key.slice(key.indexOf(":") + 1), item]) : []
}

/** A key is a text, but for who asks for a number: ports are keys. */
function keyValue(key: string, { has }: Test): Json {
  return has === "number" && /^-?\d+$/.test(key) ? Number(key) : key
}

/** SQLite knows only the case of ASCII letters. */
const lower = (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

function passes(value: Json | undefined, test: Test): boolean {
  if (value === undefined || value === null || isObject(value)) return false
  const text = lower(typeof value === "boolean" ? String(Number(value)) : jsonText(value))
  switch (test.has) {
    case "value":
      return true
    case "text":
      return test.anyOf.some((one) => (one.pattern ? matchesPattern(text, lower(one.text)) : text === lower(one.text)))
    case "words":
      return test.words.every((word) => text.includes(lower(word)))
    case "number":
      if (typeof value !== "number") return false
      return test.compare === "="
        ? value === test.value
        : test.compare === "<"
          ? value < test.value
          : test.compare === "<="
            ? value <= test.value
            : value >= test.value
    default:
      throw new Error(`not defined here: ${test.has}`)
  }
}

describe("entities at a position", () => {
  it("are what their records together tell, in pages, whatever is linked and whoever is believed", async () => {
    await fc.assert(
      fc.asyncProperty(anyLinkedHistory, (history) =>
        withEntities(history, async (views, at, defined) => {
          for (const kind of kinds) {
            const found = await all(views, kind, at)
            expect(byId(found.map(shown))).toStrictEqual(byId(defined.filter((one) => one.kind === kind).map(expected)))
            const names = found.map(({ name }) => Buffer.from(name))
            expect(names).toStrictEqual(names.toSorted((a, b) => Buffer.compare(a, b)))
            for (const sort of ["status", "os"] as const) {
              const sorted = await all(views, kind, at, sort)
              expect(byId(sorted)).toStrictEqual(byId(found))
              const values = sorted.map((one) => Buffer.from(one[sort] ?? ""))
              expect(values).toStrictEqual(values.toSorted((a, b) => Buffer.compare(a, b)))
            }
          }
          const present = defined.filter(({ values }) => values["lifecycle"] !== "retired")
          const machines = await views.entities.page({ kind: "target", at, limit: 100 })
          const scores = [...views.entities.scoreCounts(at)].flatMap(([score, count]) => Array(count).fill(score))
          expect(byRank(scores)).toEqual(byRank(machines.map(({ health }) => health)))
          const worst = await views.entities.page({ kind: "target", at, limit: 100, sort: "worst" })
          const byScore = machines.toSorted((a, b) => (a.health ?? ofUnknown) - (b.health ?? ofUnknown))
          expect(worst).toStrictEqual(byScore)
          for (let limit = 1; limit <= byScore.length; limit++) {
            const [before] = byScore.slice(0, limit - 1).slice(-1)
            const after = before && pageKey(before, "worst")
            const some = { kind: "target", at, sort: "worst" } as const
            expect(await views.entities.page({ ...some, limit })).toStrictEqual(byScore.slice(0, limit))
            expect(await views.entities.page({ ...some, limit: 2, after })).toStrictEqual(
              byScore.slice(limit - 1, limit + 1),
            )
          }
          for (const kind of kinds) {
            const some = await views.entities.page({ kind, at, limit: 100 })
            const { counts, total } = countsIn(some)
            const by = ["os", "lifecycle", "health", "status"] as const
            const wanted = Object.fromEntries(by.map((field) => [field, counts[field]]))
            expect(await views.entities.counts({ kind, at }, by, 100)).toEqual({ total, counts: wanted })
          }
          for (const target of [undefined, ...defined.filter(({ kind }) => kind === "target")]) {
            const on = present.filter(({ targetId }) => target === undefined || targetId === target.id)
            const count = (kind: Kind) => on.filter((one) => one.kind === kind).length
            const no = target && ((await views.inventory.record(target.id)) as { no: number }).no
            const totals = { target: count("target"), service: count("service"), stack: count("stack") }
            if (no === undefined) expect(await views.entities.totals(at)).toStrictEqual(totals)
            for (const kind of kinds) {
              expect(await views.entities.count({ kind, at, targetNo: no })).toBe(totals[kind])
            }
            const services = await views.entities.page({ kind: "service", at, limit: 100, targetNo: no })
            const counts = await views.entities.counts({ kind: "service", at, targetNo: no }, ["status"], 100)
            expect(counts.total).toBe(services.length)
            expect(counts.counts.status).toEqual(countsIn(services).counts.status)
            const ids = on.filter(({ kind }) => kind === "service").map(({ id }) => id as string)
            expect(services.map(({ id }) => id as string).toSorted()).toStrictEqual(ids.toSorted())
          }
        }),
      ),
      { numRuns: often(10), endOnFailure: true },
    )
  }, 120_000)

  it("are found by any condition as by looking at each", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyLinkedHistory,
        fc.array(anyCondition, { minLength: 1, maxLength: 3 }),
        // However far pages go through names before they look through everything.
        fc.constantFrom(undefined, [1], [2, 4]),
        (history, conditions, walked) => {
          const claim = async (views: Views, at: Position, defined: readonly Defined[]) => {
            for (const condition of conditions) {
              for (const kind of kinds) {
                const met = defined
                  .filter((one) => one.kind === kind && meets(one, condition, defined))
                  .map(({ id }) => id)
                const page = await views.entities.page({ kind, at, limit: 100, includeRetired: true, condition })
                const ids = page.map(({ id }) => id)
                expect(ids.toSorted()).toStrictEqual(met.toSorted())
                const present = await views.entities.page({ kind, at, limit: 100, condition })
                expect(present).toStrictEqual(page.filter(({ lifecycle }) => lifecycle !== "retired"))
                const asked_ = { kind, at, condition, includeRetired: true }
                expect(await views.entities.count(asked_)).toBe(met.length)
                expect(await views.entities.counts(asked_, countable, 100)).toEqual(countsIn(page))
                const order = page.toSorted(
                  (a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.no - b.no,
                )
                for (const descending of [false, true]) {
                  const wanted = descending ? order.toReversed() : order
                  const after = wanted[1] && pageKey(wanted[1])
                  const asked = { kind, at, condition, includeRetired: true, descending, after }
                  const next = await views.entities.page({ ...asked, limit: 2 })
                  expect(next.map(({ id }) => id)).toEqual(
                    wanted.slice(...(after === undefined ? [0, 2] : [2, 4])).map(({ id }) => id),
                  )
                }
              }
            }
          }
          return withEntities(history, claim, walked)
        },
      ),
      { numRuns: often(8), endOnFailure: true },
    )
  }, 120_000)
})

describe("rows of entities", () => {
  it("are the same whether what records said is remembered or read", async () => {
    const folder = await tempFolder()
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        anyLinkedHistory,
        fc.array(fc.integer({ min: 3, max: 30 }), { minLength: 1 }),
        async (history, sizes) => {
          const ledger = openSqliteLedger(":memory:")
          const [remembering, file] = [new Views(":memory:"), join(folder, `${run++}.db`)]
          const events = await appendTwice(ledger, history)
          await ledger.close()
          await remembering.handle(events)
          for (let begin = 0, turn = 0; begin < events.length; turn++) {
            const end = begin + (sizes[turn % sizes.length] ?? 1)
            const opened = new Views(file)
            await opened.handle(events.slice(begin, end))
            opened.close()
            begin = end
          }
          const reading = new Views(file)
          expect(reading.digest()).toBe(remembering.digest())
          for (const views of [remembering, reading]) views.close()
        },
      ),
      { numRuns: often(4) },
    )
  })

  it("tell what changed while another record was linked, once it is not any more", async () => {
    const [host, guest] = [payloads.RecordsLinked.target, payloads.RecordsLinked.record]
    const event = (type: EventType): NewEvent => ({ type, data: payloads[type], metadata, observedAt }) as NewEvent
    const appends = [
      [`target-${host}`, "TargetDiscovered"],
      [`target-${guest}`, "TargetDiscovered"],
      ["identity", "RecordsLinked"],
      [`target-${host}`, "TargetChanged"],
      ["identity", "RecordsUnlinked"],
    ] as const
    const history = appends.map(([name, type]) => ({ stream: stream(name), events: [event(type)] }))
    const [ledger, views] = [openSqliteLedger(":memory:"), new Views(":memory:")]
    const events = await appendTwice(ledger, history)
    await views.handle(events)
    const rows = await all(views, "target", (events.length - 1) as Position)
    const systems = new Map(rows.map(({ id, os }) => [id as string, os]))
    expect(systems).toStrictEqual(
      new Map([
        [host, "Debian"],
        [guest, null],
      ]),
    )
    views.close()
    await ledger.close()
  })
})

describe("intervals", () => {
  it("hang where those that hold a position are looked for, and only there", () => {
    const interval = fc.tuple(fc.nat(3_000), fc.integer({ min: 1, max: 3_000 }))
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 40 }), fc.nat(6_000), (intervals, at) => {
        const rows = intervals.map(([since, length]) => ({
          since,
          until: since + length,
          fork: forkOf(since, since + length),
        }))
        const { left, right } = forksOf(at)
        const found = rows.filter(
          ({ fork, since, until }) => (left.includes(fork) && until > at) || (right.includes(fork) && since <= at),
        )
        expect(found).toStrictEqual(rows.filter(({ since, until }) => since <= at && until > at))
        expect(left.filter((fork) => right.includes(fork))).toEqual([])
      }),
    )
  })

  it("hang where what may hold a position is said to", () => {
    const interval = fc.tuple(fc.nat(20_000), fc.integer({ min: 1, max: 9_000 }), fc.constantFrom("failed", "running"))
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 40 }), fc.nat(30_000), fc.nat(5), (intervals, at, each) => {
        const db = new Database(":memory:")
        db.exec(spanTables)
        const written: (() => void)[] = []
        const span = spanWriter(db, (write) => written.push(write))
        const rows = intervals.map(([since, length, status], index) => {
          const fork = forkOf(since, since + length)
          span("service", status, fork, since, since + length)
          if (index % (each + 1) === 0) written.forEach((write) => write())
          return { status, fork, holds: since <= at && at < since + length }
        })
        written.forEach((write) => write())
        const holding = spanReader(db)
        const { left, right } = forksOf(at)
        const forks = [...left, ...right]
        for (const status of ["failed", "running"]) {
          const found = holding("service", status, at as Position, forks)
          const [of, high] = [rows.filter((row) => row.status === status), forks.filter((fork) => fork % 1_024 === 0)]
          expect(of.filter(({ holds, fork }) => holds && !found.includes(fork))).toEqual([])
          const without = high.filter((fork) => !of.some((row) => row.fork === fork))
          expect(without.filter((fork) => found.includes(fork))).toEqual([])
        }
        expect(holding("target", "failed", at as Position, forks).every((fork) => fork % 1_024 !== 0)).toBe(true)
        db.close()
      }),
    )
  })
})
