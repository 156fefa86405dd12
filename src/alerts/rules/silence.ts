/** Sources of which nothing is heard any more: neither that a look was finished nor that it failed. */
import type { Intervals } from "#config/intervals.js"
import { epochMs, instant } from "#kernel/clock.js"
import { type Rule, titled } from "../rule.js"

const hourMs = 3_600_000
/** Accounts of looks that find nothing new are hourly, and a source that keeps failing is looked at hourly at least. */
export const quietMs = 3 * hourMs
const looksMissed = 3
/** Told so much later than it was due, it was nobody here who could have looked. */
const absentMs = 600_000

/** @param every which sources are looked at, and how often */
export function sourceSilent(every: Intervals): Rule {
  return {
    name: "source-silent",
    types: ["DiscoveryCompleted", "DiscoveryFailed"],
    async judge(event, { named }) {
      const now = epochMs(event.recordedAt)
      if (event.type === "DiscoveryCompleted" || event.type === "DiscoveryFailed") {
        const { source } = event.data
        const about = { kind: "source", name: source } as const
        const interval = every(source)
        if (interval === undefined) return [{ is: "gone", about }]
        return [
          { is: "right", about },
          { is: "later", name: source, dueAt: instant(now + patience(interval)) },
        ]
      }
      const interval = named === undefined ? undefined : every(named)
      if (event.type !== "DeadlinePassed" || named === undefined || interval === undefined) return []
      if (now - Date.parse(event.data.dueAt) > absentMs)
        return [{ is: "later", name: named, dueAt: instant(now + patience(interval)) }]
      const title = titled(`nothing was heard of "${named}" for ${Math.round(patience(interval) / hourMs)} hours`)
      return [{ is: "wrong", about: { kind: "source", name: named }, severity: "warning", title }]
    },
  }
}

function patience(interval: number): number {
  return Math.max(quietMs, hourMs + looksMissed * interval)
}
