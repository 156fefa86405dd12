/** Stretches of time that are asked for: where one begins that ends at the point that is asked at, and that none ends before it begins. */
import { epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type Point, origin } from "#kernel/point.js"
import { type Line, justBefore, resolveBeginning } from "./resolve.js"

const weekMs = 7 * 86_400_000

/** The point that is asked at. */
export interface AskedAt {
  readonly point: Point
  /** Now has moved on since it was found, so that what was found later may lie behind it. */
  readonly isNow: boolean
}

/** @throws FleetError `InvalidPoint`, and `InvalidInput` where it lies behind the point: nothing would be found in that, whatever happened */
export async function resolveSince(line: Line, asked: AskedAt, since: string): Promise<Point> {
  return noLater("since", await resolveBeginning(line, since), asked)
}

/** A week before, or just before the first event of a younger ledger. */
export async function weekBefore({ ledger }: Pick<Line, "ledger">, point: Point): Promise<Point> {
  const time = instant(epochMs(point.time) - weekMs)
  const position = await ledger.positionAt(time)
  return position !== origin || point.position === origin ? { position, time } : justBefore(ledger)
}

/**
 * @param name of the input that the moment was given as
 * @throws FleetError `InvalidInput` where it lies behind the point that is asked at
 */
export function noLater(name: string, moment: Point, { point, isNow }: AskedAt): Point {
  if (!isBehind(moment, point)) return moment
  if (isNow) return point
  throw new FleetError(
    "InvalidInput",
    `"${name}" ${told(moment)} lies behind the point that is asked at ${told(point)}: give an earlier one, or a later "at"`,
  )
}

/**
 * @param ends by the names of the inputs that they were given as: beginning and end
 * @throws FleetError `InvalidInput` where the one lies behind the other
 */
export function mustBeInOrder(ends: Readonly<Record<string, Point>>): void {
  const [[first, begin], [last, end]] = Object.entries(ends) as [[string, Point], [string, Point]]
  if (!isBehind(begin, end)) return
  throw new FleetError(
    "InvalidInput",
    `"${first}" ${told(begin)} lies behind "${last}" ${told(end)}: give the earlier one first`,
  )
}

/** Of two that were recorded at once, one is behind the other by its position alone. */
function isBehind(one: Point, other: Point): boolean {
  return one.position > other.position || one.time > other.time
}

function told({ position, time }: Point): string {
  return `(${time}, position ${position})`
}
