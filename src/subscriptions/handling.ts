/**
 * A handler as a subscriber, with the policy of what is live: an event is tried a few times, waiting longer each time, and then set aside as a dead letter
 * with an alert, so that the events behind it are handled.
 *
 * Each event ends with a move of the checkpoint, after all that it brought about; of a handler that only appends, each batch, and what the events of it keep is written then. A crash in
 * between repeats what is behind that, and everything before that move may be repeated: effects have ids of their own, a letter is parked once, its alert is raised once.
 *
 * What a handler that only appends does not wait for is under way while the next events are handled. If that fails, they are handled again from the one on whose it was, each
 * being waited for.
 */
import * as crypto from "node:crypto"
import type { EventType, RecordedEvent } from "#events/catalog.js"
import type { Clock } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import { inTurns } from "#kernel/in-turns.js"
import type { Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { Checkpoints, Write } from "#ops/checkpoints.js"
import type { DeadLetter, DeadLetters } from "#ops/dead-letters.js"
import { type Left, contextOf, inOrder, raiseDeadLetter } from "./effects.js"
import type { Handler } from "./handler.js"
import type { Subscriber } from "./subscriber.js"
import { type Timings, backOff } from "./timings.js"
import { UnderWay } from "./under-way.js"

const longestMessage = 1_000

export interface HandlingPorts {
  readonly ledger: Ledger
  readonly ops: { readonly checkpoints: Checkpoints; readonly deadLetters: DeadLetters }
  readonly clock: Clock
  readonly timings: Timings
}

/** Events whose appends may be under way at once. */
const mostUnderWay = 200

interface Attempt extends Left {
  readonly failure?: { readonly message: string; readonly cause: unknown }
}

export class Handling implements Subscriber {
  readonly name: string
  readonly #handler: Handler
  readonly #types: ReadonlySet<EventType>
  readonly #ports: HandlingPorts
  readonly #ordered = inOrder()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(handler: Handler, ports: HandlingPorts) {
    this.name = handler.name
    this.#handler = handler
    this.#types = new Set(handler.types)
    this.#ports = ports
  }

  checkpoint(): Position {
    return this.#ports.ops.checkpoints.of(this.name)
  }

  /** @throws FleetError `AlreadyRunning` when somebody else has moved the checkpoint, `StoreUnavailable` */
  async handle(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    const [first] = events
    if (first === undefined) return
    // A batch begins behind the checkpoint of whoever asked for it: if that is another now, this worker is a stale one.
    let at = (first.position - 1) as Position
    const moveTo = async (position: Position, writes: readonly Write[] = []) => {
      if (position === at) return
      await this.#ports.ops.checkpoints.move(this.name, at, position, writes)
      at = position
    }
    const turn = inTurns()
    const asked = events.filter(({ type }) => this.#types.has(type))
    const underWay = new UnderWay()
    const isEachMoved = this.#handler.onlyAppends !== true
    let patient = isEachMoved
    let index = 0
    /** That were not set aside. */
    let handled: Position[] = []
    let kept: { readonly position: Position; readonly writes: readonly Write[] }[] = []
    const moveWithKept = async (position: Position) => {
      const writes = kept.flatMap((each) => each.writes)
      kept = []
      await moveTo(position, writes)
    }
    /** Whether what is under way got there; goes back to what did not. */
    const isThere = async (): Promise<boolean> => {
      const failed = await underWay.over()
      const from = failed === undefined ? undefined : asked[failed]?.position
      const isBefore = (position: Position) => from === undefined || position < from
      const settled = handled.filter(isBefore)
      handled = []
      kept = kept.filter(({ position }) => isBefore(position))
      if (settled.length > 0) await this.#ports.ops.deadLetters.settle(this.name, settled)
      if (failed === undefined) return true
      patient = true
      index = failed
      return false
    }
    try {
      for (;;) {
        const event = asked[index]
        const done =
          event === undefined || signal.aborted
            ? undefined
            : await this.#alone(() => this.#handleOrPark(event, signal, patient))
        if (event === undefined || done === undefined) {
          if (!(await isThere())) continue
          return await moveWithKept((event === undefined ? events.at(-1) : asked[index - 1])?.position ?? at)
        }
        underWay.add(index, done.appends)
        if (!done.isParked) handled.push(event.position)
        index += 1
        kept.push({ position: event.position, writes: done.writes })
        if ((isEachMoved || underWay.size >= mostUnderWay) && !(await isThere())) continue
        if (isEachMoved) await moveWithKept(event.position)
        await turn()
      }
    } finally {
      await underWay.over()
    }
  }

  /** Tries the event of a dead letter once more. @returns the letter, if that failed too */
  async retry(event: RecordedEvent, signal: AbortSignal): Promise<DeadLetter | undefined> {
    return this.#alone(async () => {
      const { failure, writes } = await this.#attempt(event, signal, true)
      if (failure !== undefined) return this.#park(event, failure.message, 1)
      const { checkpoints, deadLetters } = this.#ports.ops
      await checkpoints.write(writes)
      await deadLetters.settle(this.name, [event.position])
      return undefined
    })
  }

  /**
   * @param patient whether what it appends is waited for
   * @returns undefined when it was told to stop before the event was done with
   */
  async #handleOrPark(
    event: RecordedEvent,
    signal: AbortSignal,
    patient: boolean,
  ): Promise<(Left & { readonly isParked: boolean }) | undefined> {
    const { ledger, timings } = this.#ports
    for (let failures = 1; ; failures++) {
      const { failure, writes, appends } = await this.#attempt(event, signal, patient)
      if (failure === undefined) return { writes, appends, isParked: false }
      if (signal.aborted) return undefined
      if (failures >= timings.attempts) {
        // No event's fault: set aside, every one behind it would follow.
        if (failure.cause instanceof FleetError && failure.cause.code === "StoreUnavailable") throw failure.cause
        await raiseDeadLetter(ledger, await this.#park(event, failure.message, failures), event)
        return { writes: [], appends: [], isParked: true }
      }
      await timings.sleep(backOff(timings, failures), signal)
      if (signal.aborted) return undefined
    }
  }

  /** @returns what is still being appended, unless that is waited for */
  async #attempt(event: RecordedEvent, signal: AbortSignal, patient: boolean): Promise<Attempt> {
    const left: Left = { writes: [], appends: [] }
    try {
      const handled = { handler: this.name, cause: event, signal }
      await this.#handler.handle(event, contextOf(this.#ports.ledger, handled, left, this.#ordered))
      if (!patient) return left
      await Promise.all(left.appends)
      return { writes: left.writes, appends: [] }
    } catch (cause) {
      await Promise.allSettled(left.appends)
      const message = messageOf(cause).slice(0, longestMessage).toWellFormed()
      return { writes: [], appends: [], failure: { message, cause } }
    }
  }

  async #park({ position }: RecordedEvent, message: string, attempts: number): Promise<DeadLetter> {
    const { ops, clock } = this.#ports
    const id = crypto.randomUUID()
    return ops.deadLetters.park({ id, handler: this.name, position, message, attempts, at: clock.now() })
  }

  /** One event at a time, whoever asks. */
  #alone<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(action)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}
