import { instant } from "#kernel/clock.js"
import type { Scan } from "./counts.js"

/** A time in RFC 3339, with any zone and any part of a second; nothing where it is none. */
export function timeAt(text: string | undefined): Pick<Scan, "at"> {
  const ms = /^\d{4}-\d\d-\d\dT/.test(text ?? "") ? Date.parse(text ?? "") : Number.NaN
  return Number.isNaN(ms) ? {} : { at: instant(ms) }
}
