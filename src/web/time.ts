/** Times as people read them: in their own zone, to the second, and how long ago. */

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
