/** Drift of a pinned point is the difference of two points, as far as the baseline covers it; of the point itself there is none. */
import type { Baseline, BaselineRule } from "#events/baseline.js"
import { driftOf, judgedBy } from "#drift/drift.js"
import { expressionOf } from "#drift/expression.js"
import { covers } from "#drift/pinned.js"
import type { DriftRow } from "#drift/row.js"
import { selectionOf } from "#drift/where.js"
import { baselineId } from "#kernel/ids.js"
import type { Json } from "#kernel/json.js"
import { type Position, origin } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { Views } from "#projections/views.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { itemsBetween } from "#tests/support/differences.js"
import { anyLinkedHistory, appendTwice } from "#tests/support/linked-history.js"
import { often } from "#tests/support/often.js"
import type { Append } from "#tests/support/random-history.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Pinned = Extract<Baseline, { of: "point" }>
const anyScope = fc.record({
  where: fc.option(fc.constantFrom("name:a OR key:b", "-name:a", "lifecycle:observed")),
  fields: fc.option(fc.constantFrom<string[]>(["/packages"], ["/os/kernel", "/config"], ["/identity"])),
})

type Told = readonly [id: string, field: string, expected: Json, actual: Json]
const told = ({ entity, field, expected, actual }: DriftRow): Told => [entity.id, field, expected, actual]
const inOrder = (rows: readonly Told[]) => rows.map((row) => JSON.stringify(row)).toSorted()

describe("drift of a pinned point", () => {
  it("is what differs from it within the baseline, each by an event that came after it, and nothing at the point itself", () =>
    fc.assert(
      fc.asyncProperty(anyLinkedHistory, fc.nat(), fc.nat(), anyScope, async (history, one, other, scope) => {
        const [ledger, views] = [openSqliteLedger(":memory:"), new Views(":memory:")]
        try {
          const events = await appendTwice(ledger, history)
          await views.handle(events)
          const cut = (point: number) => ((point % (events.length + 1)) + origin) as Position
          const [from, to] = [cut(one), cut(other)].toSorted((a, b) => a - b) as [Position, Position]
          const baseline: Pinned = {
            of: "point",
            position: from,
            time: "2026-01-01T12:00:00.000Z",
            severity: "warning",
            ...(scope.where !== null && { where: scope.where }),
            ...(scope.fields !== null && { fields: scope.fields }),
          }
          const drift = async (at: Position) => (await judgedBy(views, at, [{ name: "pinned", baseline }])).rows
          expect(await drift(from)).toEqual([])
          const rows = await drift(to)
          const selection = scope.where === null ? {} : { selection: await selectionOf(views, scope.where) }
          const expected = (await itemsBetween(views, ledger, { from, to, ...selection })).flatMap(
            ({ entity, change, changes }): Told[] =>
              change === "modified"
                ? changes
                    .filter(({ path }) => covers(baseline, entity.kind, path))
                    .map(({ path, before, after }) => [entity.id, path, before, after])
                : scope.fields === null
                  ? [[entity.id, "", null, null]]
                  : [],
          )
          expect(inOrder(rows.map(told))).toEqual(inOrder(expected))
          for (const row of rows) {
            const since = await row.since()
            if (since !== undefined) expect(since > from && since <= to).toBe(true)
          }
        } finally {
          views.close()
          await ledger.close()
        }
      }),
      { numRuns: often(8) },
    ))
})

const rules: BaselineRule[] = [
  { name: "named", kind: "target", expect: 'identity.name == "a" || size(packages) > 1', severity: "warning" },
  {
    name: "packages",
    kind: "target",
    where: "-key:b",
    expect: "packages.all(p, packages[p].version != null)",
    severity: "critical",
  },
  {
    name: "items",
    kind: "target",
    expect: '"pkg:a" in packages || packages["pkg:10"].version == "a"',
    severity: "warning",
  },
  { name: "runs", kind: "service", expect: 'config.enabled != "b" && config.user != "a"', severity: "warning" },
  {
    name: "folder",
    kind: "stack",
    where: "lifecycle:observed",
    expect: "config.workingDir.startsWith('a')",
    severity: "warning",
  },
]

/** What an expression says of each machine's whole document. */
async function byWholeDocuments(views: Views, at: Position, expected: string): Promise<string[]> {
  const found: string[] = []
  const machines = await views.entities.numbers({ kind: "target", at })
  for (const { id } of await views.entities.rows("target", at, machines)) {
    const document = await documentOfTarget(views, await recordsOfTarget(views, id, at), at)
    found.push(
      ...expressionOf("target", expected)
        .judge(document)
        .map(({ field }) => `${id} ${field}`),
    )
  }
  return found
}

describe("drift as of a point", () => {
  it("is what was told when that was the last, whatever came after it", () =>
    fc.assert(
      fc.asyncProperty(anyLinkedHistory, fc.nat(), async (history, when) => {
        const [ledger, views] = [openSqliteLedger(":memory:"), new Views(":memory:")]
        try {
          const declare = (name: string, baseline: Baseline): Append => ({
            stream: stream(`baseline-${baselineId(name)}`),
            events: [{ type: "BaselineDeclared", data: { name, baseline }, metadata, observedAt }],
          })
          const pinned: Pinned = { of: "point", position: 0, time: observedAt, severity: "warning" }
          const begin = when % history.length
          const declared = [declare("rules", { of: "rules", rules }), declare("pinned", pinned)]
          const events = await appendTwice(ledger, history.toSpliced(begin, 0, ...declared))
          const live: Json[] = []
          const asToldAt = async (position: Position) => {
            const { rows, broken } = await driftOf(views, { position })
            expect(broken).toEqual([])
            for (const { name, kind, where, expect: expected } of rules) {
              if (
                kind !== "target" ||
                where !== undefined ||
                (await views.baselines.named("rules", position)) === undefined
              )
                continue
              const found = rows.filter(({ rule }) => rule === name).map(({ entity, field }) => `${entity.id} ${field}`)
              expect(found.toSorted()).toEqual((await byWholeDocuments(views, position, expected)).toSorted())
            }
            const all = []
            for (const { since, ...row } of rows) all.push({ ...row, since: await since() })
            return JSON.parse(JSON.stringify(all)) as Json
          }
          for (const event of events) {
            await views.handle([event])
            live.push(await asToldAt(event.position))
          }
          for (const [index, { position }] of events.entries()) expect(await asToldAt(position)).toEqual(live[index])
        } finally {
          views.close()
          await ledger.close()
        }
      }),
      { numRuns: often(5) },
    ))
})
