/** Checks, as laws: the view is the fold of the events at every position, and of results that flap no more is told than what enough in a row agree upon. */
import type { EventData, NewEvent } from "#events/catalog.js"
import type { CheckStatus } from "#events/check.js"
import { agree } from "#checks/agree.js"
import { checkId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { open } from "#tests/support/folder-fleet.js"
import { often } from "#tests/support/often.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const statuses = ["passing", "failing", "unknown"] as const
const status = fc.constantFrom<CheckStatus>(...statuses)

describe("what tries agree upon", () => {
  it("is told once for every so many in a row that say something else than what is told", () => {
    fc.assert(
      fc.property(fc.array(status, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (results, wanted) => {
        let standing: CheckStatus = "unknown"
        let streak = agree(standing, undefined, standing, wanted).streak
        const told: CheckStatus[] = []
        for (const [index, result] of results.entries()) {
          const judged = agree(standing, streak, result, wanted)
          streak = judged.streak
          const last = results.slice(Math.max(0, index - wanted + 1), index + 1)
          const isAgreed = last.length === wanted && last.every((each) => each === result) && result !== standing
          expect(judged.agreed).toBe(isAgreed)
          if (judged.agreed) told.push((standing = result))
        }
        expect(told.every((each, index) => each !== (told[index - 1] ?? "unknown"))).toBe(true)
        expect(told.length).toBeLessThanOrEqual(results.length / wanted)
      }),
    )
  })
})

describe("the view of checks", () => {
  const step = fc.record({ check: fc.integer({ min: 0, max: 3 }), to: fc.option(status) })

  it("says at every position what folding the events up to there says", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const fleet = await open(await tempFolder())
        const states = new Map<string, CheckStatus>()
        const expected = new Map<Position, [string, CheckStatus][]>()
        for (const { check, to } of steps) {
          const [name, id] = [`check-${check}`, checkId(`check-${check}`, undefined)]
          const from = states.get(id) ?? "unknown"
          const data: EventData<"CheckStatusChanged"> = { check: name, kind: "tcp", about: null, from, to: to ?? from }
          const event: NewEvent =
            to === null
              ? { type: "CheckEnded", data: { check: name }, metadata, observedAt }
              : { type: "CheckStatusChanged", data, metadata, observedAt }
          const revision = await fleet.ledger.revisionOf(stream(`check-${id}`))
          const { position } = await fleet.ledger.append(stream(`check-${id}`), revision, [event], "step")
          if (to === null) states.delete(id)
          else states.set(id, to)
          expected.set(position, [...states])
        }
        await fleet.reached((await fleet.ledger.head()).position)
        for (const [position, told] of expected) {
          const found = await fleet.views.checks.at(position)
          expect(Object.fromEntries(found.map(({ id, status: is }) => [id, is]))).toEqual(Object.fromEntries(told))
          const failing = told.filter(([, is]) => is === "failing").map(([id]) => id)
          expect((await fleet.views.checks.failing(position)).map(({ id }) => id).toSorted()).toEqual(
            failing.toSorted(),
          )
        }
        expect((await fleet.rebuild(() => {}, new AbortController().signal)).equal).toBe(true)
        await fleet.close()
      }),
      { numRuns: often(6) },
    )
  })
})
