/** How the average score of machines, as lists tell it, went along a period. */
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import { healthTotalsAt } from "#timeline/health.js"
import { inTurns } from "#timeline/turns.js"
import type { AskedOfPeriod } from "./asked.js"
import { type Section, section } from "./report.js"

const moments = 24

export async function scoresOver({ line, begin: since, point, signal }: AskedOfPeriod): Promise<Section> {
  const [first, last] = [epochMs(since.time), epochMs(point.time)]
  const [told, turn]: [{ at: Instant; value: number | null }[], () => Promise<void>] = [[], inTurns()]
  for (let step = 0; step <= moments; step++) {
    signal.throwIfAborted()
    const at = instant(first + Math.round(((last - first) * step) / moments))
    const position = Math.min(await line.ledger.positionAt(at), point.position) as Position
    told.push({ at, value: healthTotalsAt(line.views, position).average })
    await turn()
  }
  const text = "By what machines and their services say of themselves; checks, certificates and age are not in it."
  return section("Average score over the period", { text, chart: { is: "line", moments: told } })
}
