/** Sizes and shares, as the API has them, in our units. */
import { oneDecimal } from "../../facts/usage.js"

type Known = number | null | undefined

export function wholeMiB(bytes: Known): number | undefined {
  const size = typeof bytes === "number" ? Math.floor(bytes / 2 ** 20) : -1
  return size > 0 && Number.isSafeInteger(size) ? size : undefined
}

/** Of a container it may be part of a processor. */
export function processors(count: Known): number | undefined {
  const whole = typeof count === "number" ? Math.ceil(count) : 0
  return whole > 0 && Number.isSafeInteger(whole) ? whole : undefined
}

export function percentOf(used: Known, total: Known): number | undefined {
  if (typeof used !== "number" || typeof total !== "number" || total <= 0 || used < 0) return undefined
  return oneDecimal(Math.min(used / total, 1) * 100)
}
