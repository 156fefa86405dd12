/**
 * The law of src/discovery/unchanged.ts: whether or not what was decided before is remembered, the same looks make the same ledger, whatever people, policies and
 * links do in between.
 */
import type { FleetEvent } from "#events/catalog.js"
import type { Assigned } from "#events/facets/target.js"
import type { Policy } from "#events/policy.js"
import { begun } from "#discovery/assign.js"
import type { EntityKind, Observation } from "#discovery/observation.js"
import { messageOf } from "#kernel/errors.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { isObject } from "#kernel/json.js"
import { origin } from "#kernel/point.js"
import { workbench } from "#tests/support/discovery-bench.js"
import { often } from "#tests/support/often.js"
import { anyObservation, quickPolicy } from "#tests/support/random-history.js"
import { metadata } from "#tests/support/sample-events.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** Everything turns sooner, so that short histories have it. */
const policies: readonly Policy[] = [[], [{ match: {}, tags: ["web", "db"] }]].map((tags) => ({
  ...quickPolicy,
  bands: { ...quickPolicy.bands, sustainedLooks: 2, sustainedMs: 60_000 },
  flapping: { ...quickPolicy.flapping, changes: 2, settledMs: 11 * 60_000 },
  tags,
}))
const things = [
  ["target", "a"],
  ["target", "b"],
  ["service", "nginx"],
  ["stack", "blog"],
] as const satisfies readonly (readonly [EntityKind, string])[]

/** Each thing has two ways to be, and gauges of its own at every look. */
interface Ways {
  readonly target: readonly Observation[]
  readonly service: readonly Observation[]
  readonly stack: readonly Observation[]
}
type Sight = { readonly way: 0 | 1; readonly gauge: number } | null
type Step =
  | { readonly is: "look"; readonly sights: readonly Sight[]; readonly complete: boolean }
  | { readonly is: "tagged" }
  | { readonly is: "linked" }
  | { readonly is: "adopted"; readonly policy: number }

const two = (kind: EntityKind) => fc.array(anyObservation(kind), { minLength: 2, maxLength: 2 })
const anyWays: fc.Arbitrary<Ways> = fc.record({ target: two("target"), service: two("service"), stack: two("stack") })
const way = fc.oneof({ weight: 5, arbitrary: fc.constant<0>(0) }, { weight: 1, arbitrary: fc.constant<1>(1) })
const anySight = fc.option(fc.record({ way, gauge: fc.constantFrom(0, 1, 2, 80, 95) }), { freq: 6 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      is: fc.constant("look" as const),
      sights: fc.tuple(...things.map(() => anySight)),
      complete: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ is: "tagged" as const }) },
  { weight: 1, arbitrary: fc.constant({ is: "linked" as const }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("adopted" as const), policy: fc.nat(1) }) },
)

function seenAs(ways: Ways, [kind, nativeKey]: (typeof things)[number], sight: Sight): Observation[] {
  const seen = sight === null ? undefined : ways[kind][sight.way]
  if (seen === undefined || sight === null) return []
  const { usage: _, ...facets } = seen.facets
  const gauges = {
    target: { usage: { memoryPercent: sight.gauge } },
    service: { state: { status: sight.way === 0 ? "running" : "failed" }, container: { restarts: sight.gauge % 80 } },
    stack: {},
  }
  return [{ kind, nativeKey, on: "a", facets: { ...facets, ...gauges[kind] } }]
}

/** @returns what the ledger holds in the end, and what looks said */
async function lived(ways: Ways, steps: readonly Step[], remembers: boolean) {
  const bench = await workbench(policies[0])
  const { ledger } = bench
  const reports: unknown[] = []
  const append = async (stream: string, events: readonly FleetEvent[]) => {
    const name = stream as StreamName
    const told = events.map((event) => ({ ...event, metadata, observedAt: bench.clock.now() }))
    await ledger.append(name, await ledger.revisionOf(name), told, `${stream} ${reports.push(stream)}`)
  }
  const [a, b] = [recordId("here", "target", "a"), recordId("here", "target", "b")]
  for (const step of steps) {
    if (step.is === "look") {
      const seen = things.flatMap((thing, i) => seenAs(ways, thing, step.sights[i] ?? null))
      bench.sees(seen, { target: step.complete, service: step.complete, stack: step.complete })
      if (!remembers) await bench.ops.decided.forget()
      reports.push(await bench.look().then(({ changes, held }) => ({ changes, held }), messageOf))
    } else if (step.is === "adopted") {
      await append("policy", [{ type: "PolicyAdopted", data: { policy: policies[step.policy] as Policy } }])
    } else {
      const [one, other] = [await bench.document(a), await bench.document(b)]
      if (one === undefined || other === undefined) continue
      const assigned = one["assigned"] as Assigned | undefined
      if (step.is === "linked" && !isObject(other["link"]) && !isObject(one["link"]))
        await append("identity", [{ type: "RecordsLinked", data: { record: b, target: a, reasons: [] } }])
      if (step.is === "tagged" && assigned?.tags["tag:web"] === undefined) {
        const tagged: FleetEvent[] = [{ type: "TargetTagged", data: { tag: "web", by: "hand" } }]
        await append(`target-${a}`, assigned === undefined ? begun(tagged) : tagged)
      }
    }
  }
  const events = await ledger.readAll({ after: origin, limit: 10_000 })
  return { reports, events: events.map(({ stream, type, data, observedAt }) => ({ stream, type, data, observedAt })) }
}

describe("a record that is as it was, and seen as it was", () => {
  it("is decided upon as if everything were read: the ledger is the same", { timeout: 120_000 }, () =>
    fc.assert(
      fc.asyncProperty(anyWays, fc.array(anyStep, { minLength: 4, maxLength: 14 }), async (ways, steps) => {
        expect(await lived(ways, steps, true)).toEqual(await lived(ways, steps, false))
      }),
      { numRuns: often(5) },
    ),
  )
})
