/**
 * Histories in which records are also linked to one machine and taken out of it, sources come to be trusted in another order, what was observed late is recorded after what was
 * observed later, and what was recorded is sent again.
 */
import type { FleetEvent, NewEvent, RecordedEvent } from "#events/catalog.js"
import { defaultPolicy } from "#events/policy.js"
import { instant } from "#kernel/clock.js"
import type { StreamName } from "#kernel/ids.js"
import { origin } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import * as fc from "fast-check"
import { type Append, type History, anyHistory } from "./random-history.js"

/** What may come between two appends of a history. Numbers choose among what there is. */
type Between =
  | { readonly is: "link"; readonly one: number; readonly other: number }
  | { readonly is: "unlink"; readonly record: number }
  | { readonly is: "trust"; readonly precedence: readonly string[] }

const anyBetween: fc.Arbitrary<Between> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant("link" as const), one: fc.nat(5), other: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant("unlink" as const), record: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant("trust" as const),
      precedence: fc.constantFrom(["here", "there"], ["there", "here"], []),
    }),
  },
)

export const anyLinkedHistory: fc.Arbitrary<History> = fc
  .tuple(
    anyHistory,
    fc.array(fc.option(anyBetween, { freq: 3 }), { maxLength: 40 }),
    fc.array(fc.record({ minutesLate: fc.nat(90), actor: fc.constantFrom("discovery", "user:ada") }), { minLength: 1 }),
  )
  .map(([history, between, stamps]) => {
    const linking = new Linking()
    const appends = history.flatMap((append, index) => {
      linking.saw(append)
      const step = between[index]
      return [append, ...(step == null ? [] : linking.after(step))]
    })
    return appends.map(({ stream, events }, index): Append => {
      const { minutesLate, actor } = stamps[index % stamps.length] ?? { minutesLate: 0, actor: "discovery" }
      const observedAt = instant(Date.UTC(2026, 0, 1, 12) + (index - minutesLate) * 60_000)
      return {
        stream,
        events: events.map((event) => ({ ...event, observedAt, metadata: { ...event.metadata, actor } })),
      }
    })
  })

/** Links as people make them: to the machine that was found first, with all that is linked to the other one. */
class Linking {
  readonly #targets: string[] = []
  readonly #links = new Map<string, string>()

  saw({ stream, events }: Append): void {
    if (events[0]?.type === "TargetDiscovered") this.#targets.push(stream.slice("target-".length))
  }

  after(step: Between): Append[] {
    if (step.is === "trust") {
      const policy = { ...defaultPolicy, precedence: [...step.precedence] }
      return [{ stream: "policy" as StreamName, events: [told({ type: "PolicyAdopted", data: { policy } })] }]
    }
    const events = step.is === "link" ? this.#link(step.one, step.other) : this.#unlink(step.record)
    return events.length === 0 ? [] : [{ stream: "identity" as StreamName, events: events.map(told) }]
  }

  #link(one: number, other: number): FleetEvent[] {
    const roots = this.#targets.filter((id) => !this.#links.has(id))
    if (roots.length === 0) return []
    const [a, b] = [one % roots.length, other % roots.length].sort((x, y) => x - y).map((index) => roots[index])
    if (a === undefined || b === undefined || a === b) return []
    const moved = [b, ...[...this.#links].flatMap(([record, target]) => (target === b ? [record] : []))]
    for (const record of moved) this.#links.set(record, a)
    return moved.flatMap((record): FleetEvent[] => [
      ...(record === b ? [] : [{ type: "RecordsUnlinked" as const, data: { record, target: b, reasons: [] } }]),
      { type: "RecordsLinked", data: { record, target: a, reasons: [] } },
    ])
  }

  #unlink(index: number): FleetEvent[] {
    const linked = [...this.#links][index % Math.max(1, this.#links.size)]
    if (linked === undefined) return []
    const [record, target] = linked
    this.#links.delete(record)
    return [{ type: "RecordsUnlinked", data: { record, target, reasons: [] } }]
  }
}

function told(event: FleetEvent): NewEvent {
  return { ...event, metadata: { actor: "user:ada" }, observedAt: instant(0) }
}

/** Appends one after the other, every third one twice. */
export async function appendTwice(ledger: Ledger, history: History): Promise<readonly RecordedEvent[]> {
  const revisions = new Map<StreamName, number>()
  await Promise.all(
    history.flatMap(({ stream, events }, index) => {
      const revision = revisions.get(stream) ?? noStream
      revisions.set(stream, revision + events.length)
      const append = () => ledger.append(stream, revision, events, "history")
      return index % 3 === 0 ? [append(), append()] : [append()]
    }),
  )
  return ledger.readAll({ after: origin, limit: 10_000 })
}
