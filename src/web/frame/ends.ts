/** The two points that are compared, the earlier one first, whichever handle is at it: what came later is what has changed. */
import { at, to } from "../place.js"
import { resolved, resolvedOther } from "./resolved.js"

export interface Ends {
  readonly from: string
  readonly to: string
}

/** @returns as they were asked for; undefined where nothing is compared, or it is not known yet which is which */
export function endsNow(): Ends | undefined {
  if (to.value === undefined) return undefined
  const asGiven = { from: at.value ?? "now", to: to.value }
  const [one, two] = [resolved.value, resolvedOther.value]
  // What is no point is refused by whoever is asked about it.
  if (one.problem !== undefined || two.problem !== undefined) return asGiven
  if (one.at === undefined || two.at === undefined) return undefined
  return Date.parse(one.at.time) <= Date.parse(two.at.time) ? asGiven : { from: asGiven.to, to: asGiven.from }
}
