/** From what was asked (`-2h`, `position:12`, `snapshot:before-upgrade`, a date) to a point on this ledger's line. */
import { type Clock, type Instant, epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type Point, type Position, origin, parsePoint } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { ViewsReader } from "#projections/views.js"
import { noSnapshot } from "./snapshot.js"

/** Where points are looked for. */
export interface Line {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly views: ViewsReader
  /** Resolves when the views show everything up to the position. */
  readonly reached: (position: Position) => Promise<void>
}

/** How many runs are named to somebody who asks for one that there is not. */
const namedRuns = 3

/**
 * Names of snapshots and runs mean what they mean now, not at some other point. Only those take the views.
 * @param at undefined for now
 * @throws FleetError `InvalidPoint` for what cannot be read, is not known, lies in the future or before the ledger; it names the nearest that is valid.
 */
export async function resolvePoint(line: Line, at: string | undefined): Promise<Point> {
  const { ledger, clock } = line
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
    case "time":
      return atTime(line, expression.time, head, now)
    case "snapshot":
      return ofSnapshot(line, expression.name, head.position)
    case "run":
      return ofRun(line, expression.id, head.position)
  }
}

/**
 * Where a stretch of time begins: as above, but that a time before the ledger is just before its first event, as nothing is missed by that.
 * @throws FleetError `InvalidPoint`
 */
export async function resolveBeginning(line: Line, since: string): Promise<Point> {
  const { ledger, clock } = line
  const expression = parsePoint(since, clock.now())
  if (expression.kind === "time" && (await ledger.positionAt(expression.time)) === origin) {
    const { position } = await ledger.head()
    return position === origin ? { position, time: expression.time } : justBefore(ledger)
  }
  return resolvePoint(line, since)
}

/** The point that everything in the ledger lies behind; there is something. */
export async function justBefore(ledger: Ledger): Promise<Point> {
  return { position: origin, time: instant(epochMs(await ledger.timeOf(0 as Position)) - 1) }
}

async function atTime({ ledger }: Line, time: Instant, head: Point, now: Instant): Promise<Point> {
  if (epochMs(time) > Math.max(epochMs(now), epochMs(head.time))) {
    throw new FleetError("InvalidPoint", `${time} is in the future; now is ${now}`)
  }
  const position = await ledger.positionAt(time)
  if (position !== origin) return { position, time }
  const begin = head.position === origin ? "it is still empty" : `it begins at ${await ledger.timeOf(0 as Position)}`
  throw new FleetError("InvalidPoint", `${time} is before this ledger; ${begin}`)
}

async function ofSnapshot({ views, reached }: Line, name: string, head: Position): Promise<Point> {
  await reached(head)
  const snapshot = await views.snapshots.named(name, head)
  if (snapshot !== undefined) return snapshot.point
  throw new FleetError("InvalidPoint", await noSnapshot(views, name, head))
}

async function ofRun({ ledger, views, reached }: Line, id: string, head: Position): Promise<Point> {
  await reached(head)
  const position = await views.runs.ended(id, head)
  if (position !== undefined) return { position, time: await ledger.timeOf(position) }
  const last = await views.runs.last(head, namedRuns)
  const known = last.map(({ runId, source, finishedAt }) => `run:${runId} (${source}, ${finishedAt})`).join(", ")
  const hint = known === "" ? "none is recorded yet" : `one that changes nothing often is not; the last are ${known}`
  throw new FleetError("InvalidPoint", `no run "${id}" is recorded; ${hint}`)
}
