/** Where the strip's axis is labelled: at round times of the zone of whoever looks. */
import { localDate } from "../time.js"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const steps = [
  minute,
  5 * minute,
  15 * minute,
  hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  7 * day,
  14 * day,
  30 * day,
  91 * day,
  365 * day,
]

export interface Tick {
  readonly time: number
  readonly text: string
}

export function ticks(from: number, to: number, most: number): readonly Tick[] {
  const step = steps.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most / (365 * day)) * 365 * day
  const offset = new Date(to).getTimezoneOffset() * minute
  const found: Tick[] = []
  for (let time = Math.ceil((from - offset) / step) * step + offset; time < to; time += step) {
    const date = new Date(time)
    const clock = `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`
    found.push({
      time,
      text: step >= day || clock === "00:00" ? localDate(date).slice(to - from > 300 * day ? 0 : 5) : clock,
    })
  }
  return found
}
