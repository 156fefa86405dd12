/** What had a status is found at every point of a history in which statuses end by the thousand, and some that lasted long. */
import type { NewEvent, RecordedEvent } from "#events/catalog.js"
import { epochMs, instant } from "#kernel/clock.js"
import { type EventId, recordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { Views } from "#projections/views.js"
import { metadata, observedAt, payloads, stream } from "#tests/support/sample-events.js"
import { describe, expect, it, onTestFinished } from "vitest"

const begin = epochMs(observedAt)
const target = recordId("here", "target", "m")
const names = Array.from({ length: 7 }, (_, index) => `s${index}`)
const length = 9_000
/** Each of them fails or recovers whenever so many changes have passed: the first all the time, the last twice. */
const everyOf = (index: number) => 2 * 4 ** index + 1

function longHistory() {
  const failed = new Set<string>()
  const at: (readonly string[])[] = []
  const events = Array.from({ length }, (_, position): RecordedEvent => {
    const envelope = {
      position: position as Position,
      id: `${position}` as EventId,
      schemaVersion: 1,
      recordedAt: instant(begin + position),
      observedAt,
      metadata,
    }
    const of = (name: string, event: Pick<NewEvent, "type" | "data">) => {
      if (event.type === "ServiceStateChanged" && !failed.delete(name)) failed.add(name)
      at.push([...failed].toSorted())
      const revision = event.type.endsWith("Discovered") ? 0 : position
      const whose = name === "m" ? `target-${target}` : `service-${recordId("here", "service", name)}`
      return { ...event, ...envelope, revision, stream: stream(whose) } as RecordedEvent
    }
    if (position === 0) return of("m", { type: "TargetDiscovered", data: payloads.TargetDiscovered })
    const found = names[position - 1]
    if (found !== undefined) {
      const document = { ...payloads.ServiceDiscovered.document, identity: { name: found } }
      const data = { ...payloads.ServiceDiscovered, target, nativeKey: found, document }
      return of(found, { type: "ServiceDiscovered", data })
    }
    const changed = names.findLast((_name, index) => position % everyOf(index) === 0) ?? "s0"
    const [from, to] = failed.has(changed) ? (["failed", "running"] as const) : (["running", "failed"] as const)
    return of(changed, { type: "ServiceStateChanged", data: { from, to } })
  })
  return { events, at }
}

describe("a long history of statuses", () => {
  it("tells who had failed at any of its points", async () => {
    const views = new Views(":memory:")
    onTestFinished(() => views.close())
    const { events, at } = longHistory()
    await views.handle(events)
    const condition = {
      is: "column",
      column: "status",
      test: { has: "text", anyOf: [{ text: "failed", pattern: false }] },
    } as const
    const points = [...Array.from({ length: 200 }, (_, index) => (index * 5_557) % length), 1_023, 1_024, 4_096, 8_192]
    for (const point of points) {
      const page = { kind: "service", at: point as Position, condition, limit: 10 } as const
      const found = await views.entities.page(page)
      expect([point, found.map(({ name }) => name)]).toStrictEqual([point, at[point]])
      const [first] = found
      expect(await views.entities.page({ ...page, limit: 1 })).toStrictEqual(first === undefined ? [] : [first])
    }
  })
})
