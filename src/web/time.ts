/** Times as people read them: in their own zone, to the second, and how long ago. */
import type { Instant } from "#kernel/clock.js"
import { parsePoint } from "#kernel/point.js"

const two = (number: number) => String(number).padStart(2, "0")

export function localDate(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** `2026-11-23 14:00:00` in the zone of whoever looks. */
export function localTime(instant: string): string {
  const date = new Date(instant)
  return `${localDate(date)} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

export function utcTime(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`
}

const steps: readonly (readonly [number, string])[] = [
  [86_400_000 * 365, "y"],
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
]

/** `3 d`, in the largest unit that fits. */
export function span(ms: number): string {
  for (const [step, unit] of steps) if (Math.abs(ms) >= step) return `${Math.round(Math.abs(ms) / step)} ${unit}`
  return "0 s"
}

export function ago(instant: string, now: number): string {
  const ms = now - Date.parse(instant)
  return ms < 1_000 ? "just now" : `${span(ms)} ago`
}

/** As `ago`, of a point of the past that is looked at. */
export function fromThen(instant: string, then: number): string {
  const ms = Date.parse(instant) - then
  return Math.abs(ms) < 1_000 ? "just then" : `${span(ms)} ${ms < 0 ? "before" : "later"}`
}

/** A point as it was written here, for the server, which may be in another zone: a day or a clock is that of whoever wrote it. All else stays as it is. */
export function pointOf(text: string): string {
  if (/^(?:now)?-/i.test(text)) return text
  try {
    const point = parsePoint(text, new Date().toISOString() as Instant)
    return point.kind === "time" ? point.time : text
  } catch {
    // The server says what is wrong with it, or knows better.
    return text
  }
}

/** A point as `pointOf` reads it: an instant in the zone of whoever looks. */
export function pointText(point: string): string {
  if (!/^\d{4}-\d{2}-\d{2}T.*Z$/.test(point) || Number.isNaN(Date.parse(point))) return point
  const ms = new Date(point).getUTCMilliseconds()
  return `${localTime(point)}${ms === 0 ? "" : `.${String(ms).padStart(3, "0")}`}`
}
