/** From what was asked (`-2h`, `position:12`, a date) to a point on this ledger's line. */
import { type Clock, epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type Point, origin, parsePoint } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"

/**
 * @param at undefined for now
 * @throws FleetError `InvalidPoint` for what cannot be read, lies in the future or before the ledger; it names the nearest that is valid.
 */
export async function resolvePoint(ledger: Ledger, clock: Clock, at: string | undefined): Promise<Point> {
  const now = clock.now()
  const expression = parsePoint(at ?? "now", now)
  const head = await ledger.head()
  switch (expression.kind) {
    case "now":
      // A clock that was set back must not put "now" before what is already recorded.
      return { position: head.position, time: head.time > now ? head.time : now }
    case "position": {
      if (expression.position > head.position) {
        throw new FleetError(
          "InvalidPoint",
          `position ${expression.position} is not recorded yet; the last is position:${head.position}`,
        )
      }
      return { position: expression.position, time: await ledger.timeOf(expression.position) }
    }
    case "time": {
      if (epochMs(expression.time) > Math.max(epochMs(now), epochMs(head.time))) {
        throw new FleetError("InvalidPoint", `${expression.time} is in the future; now is ${now}`)
      }
      const position = await ledger.positionAt(expression.time)
      if (position === origin) {
        const begin =
          head.position === origin ? "it is still empty" : `it begins at ${await ledger.timeOf(0 as typeof origin)}`
        throw new FleetError("InvalidPoint", `${expression.time} is before this ledger; ${begin}`)
      }
      return { position, time: expression.time }
    }
  }
}
