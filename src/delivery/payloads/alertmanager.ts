/** Alertmanager's API (v2): each alert by itself, known by its labels, which are therefore the same from first to last. */
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { type Message, type TellableAlert, cut, linkOf } from "../message.js"

/** Without an end Alertmanager makes one up, of minutes: an alert lasts until we say that it is over. */
const lastsMs = 365 * 86_400_000
const testLastsMs = 300_000
const longest = 500

export function alertmanagerPayload({ alerts, state, home }: Message): object {
  return alerts.map((alert) => ({
    labels: labelsOf(alert),
    annotations: {
      summary: text(alert.title),
      severity: alert.severity,
      state,
      ...(alert.by !== undefined && { by: text(alert.by) }),
      ...(alert.reason !== undefined && { reason: text(alert.reason) }),
    },
    startsAt: alert.raisedAt,
    endsAt: state === "resolved" ? alert.at : later(alert.at, state === "test" ? testLastsMs : lastsMs),
    generatorURL: linkOf(alert, home),
  }))
}

function labelsOf({ id, rule, raisedAs, about }: TellableAlert): object {
  return {
    alertname: rule,
    alert: id,
    severity: raisedAs,
    kind: about.kind,
    ...(about.name !== undefined && { instance: text(about.name) }),
  }
}

function text(foreign: string): string {
  return cut(foreign.toWellFormed(), longest)
}

function later(at: Instant, ms: number): Instant {
  return instant(epochMs(at) + ms)
}
