/** Moments in a query: as points are written, but seen from the point that is asked at, and also before the ledger and in the future (`+30d`). */
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { parseDuration } from "#kernel/duration.js"
import { type Point, parsePoint } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { type Line, resolvePoint } from "#timeline/resolve.js"

/** @throws FleetError `InvalidPoint` */
export async function momentOf(line: Line, from: Point, text: string): Promise<Point> {
  const ahead = text.startsWith("+") ? parseDuration(text.slice(1)) : undefined
  if (ahead !== undefined) return at(line.ledger, instant(epochMs(from.time) + ahead))
  const expression = parsePoint(text, from.time)
  if (expression.kind === "now") return from
  return expression.kind === "time" ? at(line.ledger, expression.time) : resolvePoint(line, text)
}

async function at(ledger: Ledger, time: Instant): Promise<Point> {
  return { position: await ledger.positionAt(time), time }
}
