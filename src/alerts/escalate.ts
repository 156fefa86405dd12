/** Alerts that nobody takes on: the next ones are told, step by step. */
import type { RecordedEvent } from "#events/catalog.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { position } from "#kernel/point.js"
import type { ViewsReader } from "#projections/views.js"
import { escalateKey, partsOf } from "./keys.js"
import type { Outcome } from "./step.js"

export const escalatingTypes = ["AlertRaised", "AlertAcknowledged", "AlertResolved"] as const

/** @param steps milliseconds after which each step is taken, from when it was raised */
export async function escalate(
  steps: readonly number[],
  event: RecordedEvent,
  views: Pick<ViewsReader, "alerts">,
): Promise<Outcome> {
  switch (event.type) {
    case "AlertRaised":
      return { effects: [], later: next(event.stream.slice("alert-".length), event.recordedAt, steps, 0) }
    case "AlertAcknowledged":
    case "AlertResolved":
      return { effects: [], later: [{ is: "clear", key: escalateKey(event.stream.slice("alert-".length)) }] }
    case "DeadlinePassed": {
      const [kind, id] = partsOf(event.data.key)
      return kind === "escalate" ? passed(id, steps, event, views) : nothing
    }
    default:
      return nothing
  }
}

const nothing: Outcome = { effects: [], later: [] }

async function passed(
  id: string,
  steps: readonly number[],
  event: RecordedEvent,
  views: Pick<ViewsReader, "alerts">,
): Promise<Outcome> {
  const key = escalateKey(id)
  const point = { position: position(event.position - 1), time: event.recordedAt }
  const alert = await views.alerts.one(id, point)
  if (alert?.state === "silenced" && alert.silencedUntil !== null)
    return { effects: [], later: [{ is: "set", key, dueAt: alert.silencedUntil, what: {} }] }
  if (alert?.state !== "open") return { effects: [], later: [{ is: "clear", key }] }
  const { severity, step, raised } = alert
  const later = next(id, raised.time, steps, step + 1)
  return {
    effects: [{ alert: id, event: { type: "AlertEscalated", data: { step: step + 1, severity } } }],
    later: later.length === 0 ? [{ is: "clear", key }] : later,
  }
}

/** @param taken steps so far */
function next(id: string, raisedAt: Instant, steps: readonly number[], taken: number): Outcome["later"] {
  const after = steps[taken]
  if (after === undefined) return []
  return [{ is: "set", key: escalateKey(id), dueAt: instant(epochMs(raisedAt) + after), what: {} }]
}
