/** Things that happen again and again: once in each period, at a moment that chance gives it. How often by now is told without counting. */
import type { Chance } from "./chance.js"

/** What happens, and to which thing of its kind. */
export type Happening = readonly [what: string, ...numbers: number[]]

export interface Recurring {
  /** Since the beginning. */
  readonly times: number
  /** When it happened last; before the beginning if it has not yet. */
  readonly last: number
}

/** @param time milliseconds since the beginning */
export function recurring(chance: Chance, [what, ...numbers]: Happening, periodMs: number, time: number): Recurring {
  const offset = chance(what, ...numbers) * periodMs
  const momentIn = (turn: number) => (turn + chance(what, ...numbers, turn)) * periodMs - offset
  const turn = Math.floor((time + offset) / periodMs)
  const lastTurn = momentIn(turn) <= time ? turn : turn - 1
  const firstTurn = momentIn(0) <= 0 ? 1 : 0
  return { times: lastTurn - firstTurn + 1, last: momentIn(lastTurn) }
}

/** Whether what happens once a period, and lasts for about `lengthMs`, is going on. */
export function goingOn(
  chance: Chance,
  happening: Happening,
  periodMs: number,
  lengthMs: number,
  time: number,
): boolean {
  const { times, last } = recurring(chance, happening, periodMs, time)
  const [what, ...numbers] = happening
  return time - last < lengthMs * (0.5 + chance(`${what} lasts`, ...numbers, times))
}
