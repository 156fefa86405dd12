/** Moments to come, as people write them: a time from now like 2h, or a time. */
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { parseDuration } from "#kernel/duration.js"
import { FleetError } from "#kernel/errors.js"

const longestMs = 10 * 366 * 86_400_000

/** @param name of the input @throws FleetError `InvalidInput` for what is no moment, or lies behind */
export function futureOf(name: string, text: string, now: Instant): Instant {
  const span = parseDuration(text)
  const ms = span === undefined ? Date.parse(text) : epochMs(now) + span
  const isTime = span !== undefined || /^\d{4}-\d{2}-\d{2}T/.test(text)
  if (isTime && ms > epochMs(now) && ms <= epochMs(now) + longestMs) return instant(ms)
  throw new FleetError(
    "InvalidInput",
    `"${name}" is "${text.slice(0, 80)}"; allowed is a time from now like 2h, or one to come like 2026-11-23T14:00:00Z`,
  )
}
