/** What follows from a look for one record, and how it gets into the ledger though others write to the same record. */
import type { FleetEvent, NewEvent } from "#events/catalog.js"
import type { Metadata } from "#events/envelope.js"
import type { Instant } from "#kernel/clock.js"
import { inBatches } from "#kernel/batches.js"
import { FleetError } from "#kernel/errors.js"
import type { RunId, StreamName } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import { revisionDecidedUpon } from "#ledger/decided-upon.js"
import type { Ledger } from "#ledger/port.js"
import { type InventoryReader, type RecordRow, streamOf } from "#projections/inventory/read.js"
import { type Explained, explained } from "./because.js"
import type { Cause } from "./observation.js"

/** Changes to one record, to be appended as one. */
export interface Decision {
  readonly stream: StreamName
  /** The record's kind and native key. */
  readonly of: string
  readonly events: readonly FleetEvent[]
  /** How it is decided again, if somebody else wrote to the record meanwhile: people do to a machine's. */
  readonly again?: { readonly record: RecordRow; readonly decide: (known: JsonObject) => readonly FleetEvent[] }
}

export function whoseOf(record: RecordRow): Pick<Decision, "stream" | "of"> {
  return { stream: streamOf(record), of: `${record.kind} ${record.nativeKey}` }
}

export interface AppendPorts {
  readonly ledger: Ledger
  readonly inventory: InventoryReader
  readonly reached: (position: Position) => Promise<void>
}

/** What all events of a run have in common, what accounts for some of them, and the position that was decided upon. */
export interface Stamp {
  readonly metadata: Metadata
  readonly observedAt: Instant
  readonly runId: RunId
  readonly head: Position
  /** What is known to have been done, by kind and native key. */
  readonly done: ReadonlyMap<string, readonly Cause[]>
}

export interface AppendedDecisions {
  /** Of the last event, or what was decided upon when there was none. */
  readonly position: Position
  /** Of each stream after its events. */
  readonly revisions: ReadonlyMap<StreamName, number>
  /** How many events there were. */
  readonly changes: number
}

/** Asked for at once: they share commits, and their texts are in memory together. */
const together = 200
/** A record that others write to faster than that is left to the next look. */
const mostAttempts = 4

/**
 * Targets first: what is on a target that the ledger did not take could never be shown. Within that asked for at once, in order: the ledger
 * writes them in that order, with as few commits as it can.
 * @throws FleetError `RevisionConflict` and what an append throws; what was asked for has ended by then
 */
export async function appendDecisions(
  decisions: readonly Decision[],
  stamp: Stamp,
  ports: AppendPorts,
): Promise<AppendedDecisions> {
  const appending = new Appending(stamp, ports)
  const isOfTarget = ({ stream }: Decision) => stream.startsWith("target-")
  await appending.all(decisions.filter(isOfTarget))
  await appending.all(decisions.filter((decision) => !isOfTarget(decision)))
  return appending
}

class Appending implements AppendedDecisions {
  position: Position
  changes = 0
  readonly revisions = new Map<StreamName, number>()
  readonly #stamp: Stamp
  readonly #ports: AppendPorts

  constructor(stamp: Stamp, ports: AppendPorts) {
    this.position = stamp.head
    this.#stamp = stamp
    this.#ports = ports
  }

  async all(decisions: readonly Decision[]): Promise<void> {
    let [left, at] = [decisions, this.#stamp.head]
    for (let attempt = 1; left.length > 0; attempt++) {
      const refused: Refused[] = []
      for await (const some of inBatches(left, together)) refused.push(...(await this.#some(some, at)))
      const final = refused.find(({ decision }) => attempt === mostAttempts || decision.again === undefined)
      if (final !== undefined) throw final.error
      if (refused.length === 0) return
      at = (await this.#ports.ledger.head()).position
      await this.#ports.reached(at)
      left = await this.#decidedAgain(refused, at)
    }
  }

  /** @returns those whose record somebody else has written to */
  async #some(decisions: readonly Decision[], at: Position): Promise<Refused[]> {
    // Settled, all of them: a run that has ended, however it ended, writes nothing more.
    const appends = await Promise.allSettled(decisions.map((decision) => this.#one(decision, at)))
    return appends.flatMap((append, i) => {
      if (append.status === "fulfilled") return []
      const error: unknown = append.reason
      if (!(error instanceof FleetError && error.code === "RevisionConflict")) throw error
      return [{ decision: decisions[i] as Decision, error }]
    })
  }

  async #one({ stream, of, events }: Decision, at: Position): Promise<void> {
    const { runId, done } = this.#stamp
    const expected = await revisionDecidedUpon(this.#ports.ledger, stream, at)
    // Here, so that what is decided again is explained too.
    const stamped = explained(events, done.get(of) ?? []).map((each) => this.#stamped(each))
    const { position, revision } = await this.#ports.ledger.append(stream, expected, stamped, runId)
    if (position > this.position) this.position = position
    this.changes += stamped.length
    this.revisions.set(stream, revision)
  }

  #stamped({ event, cause }: Explained): NewEvent {
    const { metadata, observedAt } = this.#stamp
    if (cause === undefined) return { ...event, metadata, observedAt }
    const { by, reason, at: occurredAt } = cause
    return { ...event, metadata: { ...metadata, reason, ...(by && { by }) }, observedAt, occurredAt }
  }

  async #decidedAgain(refused: readonly Refused[], at: Position): Promise<Decision[]> {
    const decisions: Decision[] = []
    for (const { decision } of refused) {
      const { stream, of, again } = decision
      if (again === undefined) continue
      const events = again.decide(await this.#ports.inventory.document(again.record.no, at))
      if (events.length > 0) decisions.push({ stream, of, events, again })
    }
    return decisions
  }
}

interface Refused {
  readonly decision: Decision
  readonly error: FleetError
}
