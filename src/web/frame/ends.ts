/** The two points that are compared, the earlier one first, whichever handle is at it: what came later is what has changed. */
import { queryList } from "../operations.js"
import { at, to } from "../place.js"
import { useAnswer } from "../use-answer.js"

export interface Ends {
  readonly from: string
  readonly to: string
}

/** @returns as they were asked for; undefined where nothing is compared, or it is not known yet which is which */
export function useEnds(): Ends | undefined {
  const [one, other] = [at.value ?? "now", to.value]
  const ofOne = useAnswer(queryList, other === undefined ? undefined : { at: one })
  const ofOther = useAnswer(queryList, other === undefined ? undefined : { at: other })
  if (other === undefined) return undefined
  const asGiven = { from: one, to: other }
  // What is no point is refused by whoever is asked about it.
  if (ofOne.error !== undefined || ofOther.error !== undefined) return asGiven
  const [a, b] = [ofOne.answer?.at, ofOther.answer?.at]
  if (a === undefined || b === undefined) return undefined
  return Date.parse(a.time) <= Date.parse(b.time) ? asGiven : { from: other, to: one }
}
