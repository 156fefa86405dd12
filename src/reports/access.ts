/** Who exported, administered and was refused in the period: what `access` lists. */
import { type Access, accessOf, accessTypes } from "#timeline/access.js"
import { inTurns } from "#timeline/turns.js"
import type { AskedOfPeriod } from "./asked.js"
import { type Section, bars, section } from "./report.js"
import { mostFirst } from "./counts.js"

/** Events that are read at a time. */
const pageSize = 500

export async function access(asked: AskedOfPeriod): Promise<readonly Section[]> {
  const { line, point, most, signal } = asked
  const [turn, types, actors] = [inTurns(), new Map<string, number>(), new Map<string, number>()]
  let [after, total] = [asked.begin.position, 0]
  let newest: Access[] = []
  for (;;) {
    signal.throwIfAborted()
    const events = await line.ledger.readAll({ after, upTo: point.position, types: accessTypes, limit: pageSize })
    for (const event of events) {
      types.set(event.type, (types.get(event.type) ?? 0) + 1)
      actors.set(event.metadata.actor, (actors.get(event.metadata.actor) ?? 0) + 1)
      after = event.position
    }
    total += events.length
    newest = [...newest, ...events.map(accessOf)].slice(-most)
    if (events.length < pageSize) break
    await turn()
  }
  const rows = newest.toReversed().map(({ recordedAt, actor, what, reason, position }) => {
    return { time: recordedAt, actor, what, reason, position }
  })
  return [
    section("By what was done", { chart: bars(mostFirst(types), "plain") }),
    section("By who did it", { chart: bars(mostFirst(actors), "plain") }),
    section("Newest first", { table: { columns: ["time", "actor", "what", "reason", "position"], rows, total } }),
  ]
}
