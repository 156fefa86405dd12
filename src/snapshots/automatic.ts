/**
 * Snapshots that nobody has to think of: one per period, and one behind each look that changed something, if that is configured; and the end of those that
 * have expired. Where nothing has changed since the last one, none is taken: an idle fleet writes nothing.
 */
import type { RecordedEvent } from "#events/catalog.js"
import type { SnapshotType } from "#events/snapshot.js"
import { epochMs, instant } from "#kernel/clock.js"
import { type Point, origin } from "#kernel/point.js"
import { maxBatch } from "#ledger/port.js"
import { type Sleep, sleep as sleepFor } from "#kernel/sleep.js"
import { type Line, resolvePoint } from "#timeline/resolve.js"
import { deleteSnapshots, takeSnapshot } from "./take.js"

export interface AutomaticRules {
  readonly afterDiscovery: boolean
  /** Milliseconds; periods are counted from the beginning of 1970, so that those of a day end at midnight UTC. */
  readonly every: number
  /** Milliseconds that one is kept. */
  readonly keep: (type: SnapshotType) => number
  /** Whether it is this instance that takes them, now: of several, one does. */
  readonly isOurs: () => boolean
  readonly sleep?: Sleep
}

export interface AutomaticSnapshots {
  /** Ends the waiting, and waits for what is under way. */
  stop(): Promise<void>
}

/** Who takes and ends them. */
const actor = "system"
/** A machine that slept may wake up in another period, and a timer takes no more than 24 days. */
const longestWaitMs = 3_600_000

/** @param failed hears of what could not be done; it is tried again when the next is due */
export function automaticSnapshots(
  line: Line,
  { afterDiscovery, every, keep, isOurs, sleep = sleepFor }: AutomaticRules,
  failed: (error: unknown) => void,
): AutomaticSnapshots {
  const abort = new AbortController()
  const { clock, ledger, views, reached } = line
  const period = (time: string) => Math.floor(Date.parse(time) / every)

  /** Of the point, unless nothing has changed since the last one's. */
  const take = async (type: SnapshotType, point: Point): Promise<void> => {
    await reached(point.position)
    const last = await views.snapshots.lastBy(actor)
    const newest = { at: point.position, newestFirst: true, limit: 1, filter: {} }
    const [changed = origin] = (await views.history.page(newest)).positions
    if (changed <= (last?.point.position ?? origin)) return
    const expiresAt = instant(epochMs(clock.now()) + keep(type))
    await takeSnapshot(line, { name: await freeName(line, type, point), type, point, expiresAt }, { actor })
  }

  const scheduled = async (): Promise<void> => {
    const now = await resolvePoint(line, undefined)
    await reached(now.position)
    const last = await views.snapshots.lastBy(actor, "scheduled")
    if (last === undefined || period(last.takenAt) < period(now.time)) await take("scheduled", now)
  }

  const end = async (): Promise<void> => {
    const reason = "expired"
    await deleteSnapshots(line, () => views.snapshots.expired(clock.now(), maxBatch), { actor, reason })
  }

  // One after the other, so that what a look found is not named twice.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = turn.then(() => (isOurs() ? work() : undefined)).catch(failed)
    turn = mine
    return mine
  }
  const keepTaking = async () => {
    while (!abort.signal.aborted) {
      await inTurn(scheduled)
      await inTurn(end)
      const untilDue = every - (epochMs(clock.now()) % every)
      await sleep(Math.min(untilDue, longestWaitMs), abort.signal)
    }
  }
  const follow = async () => {
    const { position } = await ledger.head()
    for await (const batch of ledger.subscribe(position, abort.signal)) {
      for (const event of batch.filter(changedSomething)) {
        await inTurn(() => take("discovery", { position: event.position, time: event.recordedAt }))
      }
    }
  }
  const work = [keepTaking(), ...(afterDiscovery ? [follow().catch(failed)] : [])]

  return {
    async stop() {
      abort.abort()
      await Promise.all(work)
    },
  }
}

function changedSomething(event: RecordedEvent): boolean {
  return event.type === "DiscoveryCompleted" && event.data.changes > 0
}

/** `scheduled-2026-11-25T19-00`; with a number behind it where that is taken. */
async function freeName({ ledger, views, reached }: Line, type: SnapshotType, { time }: Point): Promise<string> {
  const { position } = await ledger.head()
  await reached(position)
  const taken = new Set(await views.snapshots.names(position))
  const name = `${type}-${time.slice(0, "2026-11-25T19:00".length).replace(":", "-")}`
  let free = name
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`
  return free
}
