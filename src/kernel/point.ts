/** Points: where on the ledger's line a question is asked. Parsing is pure; `timeline/resolve.ts` finds the point in a ledger. */
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { parseDuration } from "#kernel/duration.js"

/** Index in the ledger's total order, 0-based and without gaps. */
export type Position = number & { readonly __brand: "Position" }

/** Before the first event. */
export const origin = -1 as Position

export function position(value: number): Position {
  if (!Number.isSafeInteger(value) || value < origin) throw new RangeError(`not a position: ${value}`)
  return value as Position
}

/** `position` alone decides what is recorded; `time` decides what the clock alone changes. */
export interface Point {
  readonly position: Position
  readonly time: Instant
}

export type PointExpression =
  | { readonly kind: "now" }
  | { readonly kind: "position"; readonly position: Position }
  | { readonly kind: "time"; readonly time: Instant }
  /** Whether there is one of that name is for the ledger to say. */
  | { readonly kind: "snapshot"; readonly name: string }
  /** Where that run ended. */
  | { readonly kind: "run"; readonly id: string }

const forms =
  'now, a time like 2026-11-23T14:00:00Z, a date like 2026-11-23, an age like -2h or -3d, "yesterday", "yesterday 14:00", position:123, snapshot:NAME, or run:ID'

const dateTime = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i
const relativeDay = /^(today|yesterday)(?:[T ](\d{2}:\d{2}(?::\d{2})?))?$/i

/**
 * Reads what a person or program gave as `at`. Times without an offset are in the machine's own zone, as a person means them.
 * @throws FleetError `InvalidPoint` with the forms that are allowed.
 */
export function parsePoint(text: string, now: Instant): PointExpression {
  const given = text.trim()
  if (given.toLowerCase() === "now") return { kind: "now" }

  const byPosition = /^position:(\d{1,15})$/.exec(given)
  if (byPosition) return { kind: "position", position: position(Number(byPosition[1])) }

  const named = /^(snapshot|run):(\S+)$/u.exec(given)
  if (named) {
    const [, kind, name = ""] = named
    return kind === "snapshot" ? { kind, name } : { kind: "run", id: name.toLowerCase() }
  }

  const back = /^(?:now)?-(.+)$/i.exec(given)?.[1]
  if (back !== undefined) {
    const age = parseDuration(back)
    if (age !== undefined && isYearOfFourDigits(epochMs(now) - age)) {
      return { kind: "time", time: instant(epochMs(now) - age) }
    }
  }

  const day = relativeDay.exec(given)
  if (day) {
    const start = new Date(epochMs(now))
    start.setHours(0, 0, 0, 0)
    if (day[1]?.toLowerCase() === "yesterday") start.setDate(start.getDate() - 1)
    const [hours = 0, minutes = 0, seconds = 0] = (day[2] ?? "").split(":").map(Number)
    if (hours < 24 && minutes < 60 && seconds < 60) {
      start.setHours(hours, minutes, seconds)
      return { kind: "time", time: instant(start.getTime()) }
    }
  }

  const absolute = dateTime.exec(given)
  if (absolute) {
    const [, date = "", time = "00:00", zone = ""] = absolute
    const parsed = Date.parse(`${date}T${time}${zone.toUpperCase()}`)
    // Date.parse rolls 31 February over into March: what comes back must be the day that was asked for.
    const midnight = Date.parse(`${date}T00:00:00Z`)
    const sameDay = isYearOfFourDigits(midnight) && instant(midnight).startsWith(date)
    if (isYearOfFourDigits(parsed) && sameDay) return { kind: "time", time: instant(parsed) }
  }

  throw new FleetError("InvalidPoint", `"${given.slice(0, 80)}" is not a point in time; allowed are ${forms}`, {
    details: { at: given.slice(0, 80) },
  })
}

const firstYear = Date.parse("0000-01-01T00:00:00.000Z")
const lastYear = Date.parse("9999-12-31T23:59:59.999Z")

/** What an `Instant` can write; false for NaN. */
function isYearOfFourDigits(ms: number): boolean {
  return ms >= firstYear && ms <= lastYear
}
