/** Periods that end at the point that is asked at. */
import { epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type Point, origin } from "#kernel/point.js"
import { type Line, justBefore, resolveBeginning } from "./resolve.js"

const weekMs = 7 * 86_400_000

/**
 * @param since where it begins; a week before without it, or just before the first event of a younger ledger
 * @throws FleetError `InvalidPoint`, and `InvalidInput` for one that ends before it begins
 */
export async function periodBefore(line: Line, point: Point, since: string | undefined): Promise<Point> {
  if (since !== undefined) {
    const begin = await resolveBeginning(line, since)
    if (begin.position <= point.position && begin.time <= point.time) return begin
    throw new FleetError(
      "InvalidInput",
      `"since" (${begin.time}) lies behind the point that is asked at (${point.time})`,
    )
  }
  const time = instant(epochMs(point.time) - weekMs)
  const position = await line.ledger.positionAt(time)
  if (position !== origin || point.position === origin) return { position, time }
  return justBefore(line.ledger)
}
