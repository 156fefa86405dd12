/** How something was doing as of a point is what was said when that point was now, whatever came after it. */
import type { Json } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { kinds } from "#projections/inventory/read.js"
import { Views } from "#projections/views.js"
import { Judge } from "#timeline/health.js"
import { judgedOfKind, reasonsOf } from "#timeline/judged.js"
import { anyLinkedHistory, appendTwice } from "#tests/support/linked-history.js"
import { often } from "#tests/support/often.js"
import { time } from "#tests/support/test-clock.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** Long after anything was seen, and soon. */
const times = ["2026-01-01T13:00:00.000Z", "2027-01-01T00:00:00.000Z"].map(time)

async function saidAt(views: Views, position: Position): Promise<Json> {
  const said: Json[] = []
  for (const at of times) {
    const judge = await Judge.at(views, { position, time: at })
    for (const kind of kinds)
      for (const each of await judgedOfKind(views, judge, kind, position)) {
        const { entity, health } = each
        said.push({ ...entity, score: health.score, reasons: await reasonsOf(views, each, position) })
      }
  }
  return said
}

describe("health as of a point", () => {
  it("is what was said when that was the last, with its reasons and the events that they rest on", () =>
    fc.assert(
      fc.asyncProperty(anyLinkedHistory, async (history) => {
        const [ledger, views] = [openSqliteLedger(":memory:"), new Views(":memory:")]
        try {
          const events = await appendTwice(ledger, history)
          const live: Json[] = []
          for (const event of events) {
            await views.handle([event])
            live.push(await saidAt(views, event.position))
          }
          for (const [index, { position }] of events.entries())
            expect(await saidAt(views, position)).toEqual(live[index])
        } finally {
          views.close()
          await ledger.close()
        }
      }),
      { numRuns: often(8) },
    ))
})
