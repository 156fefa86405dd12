/** The law of src/discovery/because.ts: saying who did what changes nothing of what happened, and nobody is said to have done more than accounts for. */
import type { EntityKind } from "#discovery/observation.js"
import { explained } from "#discovery/because.js"
import { decideSeen } from "#discovery/decide.js"
import { instant } from "#kernel/clock.js"
import { changesOf } from "#kernel/patch.js"
import { evolve } from "#projections/inventory/evolve.js"
import { patchOf } from "#projections/inventory/patch-of.js"
import { anyDocument, anyObservation } from "#tests/support/random-history.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** Somebody who did all beneath a path whose last character is in a set: what else is there they left otherwise, or had nothing to do with. */
const anyCause = fc
  .record({
    who: fc.nat(5),
    second: fc.nat(100),
    ends: fc.string({ minLength: 1, maxLength: 8 }),
    claims: fc.boolean(),
  })
  .map(({ who, second, ends, claims }) => ({
    kind: "target" as const,
    nativeKey: "a",
    by: `user-${who}`,
    reason: "did it",
    at: instant(second * 1_000),
    did: ({ path }: { readonly path: string }) =>
      ends.includes(path.at(-1) ?? "") ? true : claims ? false : undefined,
  }))

describe("what was decided, with who did it", () => {
  it.each(["target", "service", "stack"] as const)("is what was decided: of a %s", (kind: EntityKind) => {
    fc.assert(
      fc.property(
        anyDocument(kind),
        anyObservation(kind),
        fc.array(anyCause, { maxLength: 4 }),
        (known, seen, causes) => {
          const events = decideSeen(known, seen, {})
          const told = explained(events, causes)
          expect(told.map(({ event }) => event).reduce(evolve, known)).toStrictEqual(events.reduce(evolve, known))
          for (const { event, cause } of told)
            if (cause !== undefined) expect(changesOf(patchOf(event)).every((change) => cause.did(change))).toBe(true)
          expect(explained(events, []).map(({ event }) => event)).toStrictEqual(events)
        },
      ),
      { numRuns: 25 },
    )
  })
})
