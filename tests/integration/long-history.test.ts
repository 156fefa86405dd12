/** What is rare in a history of many blocks of positions is found whole, though no page walks far. */
import Database from "better-sqlite3"
import type { NewEvent, RecordedEvent } from "#events/catalog.js"
import { epochMs, instant } from "#kernel/clock.js"
import { type EventId, recordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { blockLength } from "#projections/blocks.js"
import { historyProjection } from "#projections/history/project.js"
import { type HistoryPage, historyReader } from "#projections/history/read.js"
import { foldingBy } from "#projections/folding.js"
import { inventoryProjection } from "#projections/inventory/project.js"
import { changed, metadata, observedAt, payloads, stream } from "#tests/support/sample-events.js"
import { describe, expect, it } from "vitest"

const begin = epochMs(observedAt)
const machines = ["a", "b"].map((name) => stream(`target-${recordId("here", "target", name)}`))
const length = 3 * blockLength + 100

/** Two machines: all that happens is that the one is renamed, but every so often something else does. */
function eventAt(at: number): NewEvent & Pick<RecordedEvent, "stream"> {
  const event: NewEvent =
    at < 2 ? { type: "TargetDiscovered", data: payloads.TargetDiscovered, metadata, observedAt } : changed(`${at}`)
  const own = { ...event, stream: machines[at === 1 ? 1 : 0] ?? stream("") }
  if (at % 3_001 === 3_000)
    return { ...own, metadata: { ...metadata, actor: "user:ada" }, stream: machines[1] ?? stream("") }
  if (at === 2 * blockLength) return { ...own, ...changed("late"), occurredAt: instant(begin + 50), stream: own.stream }
  if (at === 2 * blockLength + 7) {
    const patch = [{ op: "add" as const, path: "/packages/pkg:curl", value: { version: "1" } }]
    return { ...own, type: "TargetChanged", data: { facet: "packages", patch } }
  }
  return own
}

function longHistory() {
  const db = new Database(":memory:")
  db.exec(inventoryProjection.tables)
  db.exec(historyProjection.tables)
  const { project, settle } = foldingBy([inventoryProjection, historyProjection], db)
  const events = Array.from({ length }, (_, at) => {
    const envelope = {
      position: at as Position,
      id: `${at}` as EventId,
      revision: at,
      schemaVersion: 1,
      recordedAt: instant(begin + at),
    }
    return { ...eventAt(at), ...envelope }
  })
  events.forEach(project)
  settle()
  return { events, history: historyReader(db, { blocks: 1, changes: 500 }) }
}

describe("a history of many blocks", () => {
  const { events, history } = longHistory()
  const bound = (at: number) => ({ position: at as Position, time: begin + at })

  async function walk(page: Pick<HistoryPage, "filter"> & Partial<HistoryPage>) {
    const positions: Position[] = []
    let [pages, after]: [number, Position | undefined] = [0, undefined]
    do {
      const asked: HistoryPage = {
        at: (length - 1) as Position,
        newestFirst: true,
        limit: 100,
        ...page,
        ...(after && { after }),
      }
      const answer = await history.page(asked)
      positions.push(...answer.positions)
      after = answer.next ?? undefined
      pages += 1
    } while (after !== undefined && pages < 1_000)
    return { positions, pages }
  }

  const newestFirst = (wanted: (event: RecordedEvent) => boolean) =>
    events
      .filter(wanted)
      .map(({ position }) => position)
      .reverse()

  it.each(["fleet", "machine"])(
    "finds who changed something now and then, of the %s, in either order",
    async (whose) => {
      const filter = { actor: "user:ada" }
      const expected = newestFirst((event) => event.metadata.actor === "user:ada")
      const of = whose === "fleet" ? {} : { recordNos: [1, 2] }
      expect((await walk({ filter, ...of })).positions).toStrictEqual(expected)
      expect((await walk({ filter, newestFirst: false, ...of })).positions).toStrictEqual([...expected].reverse())
    },
  )

  it("looks for a field in the blocks that have it, and nowhere else", async () => {
    const { positions, pages } = await walk({ filter: { field: "/packages/pkg:curl" } })
    expect(positions).toStrictEqual([2 * blockLength + 7])
    // That of the discoveries is looked into too.
    expect(pages).toBeLessThanOrEqual(2)
    expect((await walk({ filter: { field: "/packages/pkg:nginx" } })).positions).toStrictEqual([1, 0])
  })

  it("finds what occurred in a time and was recorded long after it", async () => {
    const range = { since: bound(40), until: bound(60) }
    const late = 2 * blockLength
    const expected = [late, ...newestFirst(({ position }) => position > 40 && position <= 60)]
    expect((await walk({ filter: {}, ...range })).positions).toStrictEqual(expected)
    expect((await walk({ filter: {}, ...range, recordNos: [1] })).positions).toStrictEqual(expected)
    const around = await walk({ filter: {}, since: bound(late - 1), until: bound(late + 1) })
    expect(around.positions).toStrictEqual([late + 1])
  })

  it("finds nothing where two things never come together", async () => {
    const filter = { actor: "user:ada", field: "/packages/pkg:curl" }
    expect((await walk({ filter })).positions).toStrictEqual([])
    expect((await walk({ filter, recordNos: [1, 2] })).positions).toStrictEqual([])
  })
})
