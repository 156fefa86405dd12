/**
 * A handler as a subscriber, with the policy of what is live: an event is tried a few times, waiting longer each time, and then set aside as a dead letter
 * with an alert, so that the events behind it are handled.
 *
 * Each event ends with a move of the checkpoint, after all that it brought about; of a handler that only appends, each that had something else written, and each batch. A crash in
 * between repeats what is behind that, and everything before that move may be repeated: effects have ids of their own, a letter is parked once, its alert is raised once.
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
import { contextOf, raiseDeadLetter } from "./effects.js"
import type { Handler } from "./handler.js"
import type { Subscriber } from "./subscriber.js"
import { type Timings, backOff } from "./timings.js"

const longestMessage = 1_000

export interface HandlingPorts {
  readonly ledger: Ledger
  readonly ops: { readonly checkpoints: Checkpoints; readonly deadLetters: DeadLetters }
  readonly clock: Clock
  readonly timings: Timings
}

interface Attempt {
  /** What is to be written with the checkpoint. */
  readonly writes: readonly Write[]
  readonly failure?: { readonly message: string; readonly cause: unknown }
}

export class Handling implements Subscriber {
  readonly name: string
  readonly #handler: Handler
  readonly #types: ReadonlySet<EventType>
  readonly #ports: HandlingPorts
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
    let handled = at
    for (const event of events) {
      if (signal.aborted) return moveTo(handled)
      if (!this.#types.has(event.type)) continue
      const done = await this.#alone(() => this.#handleOrPark(event, signal))
      if (done === undefined) return moveTo(handled)
      handled = event.position
      if (done.length > 0 || this.#handler.onlyAppends !== true) await moveTo(handled, done)
      await turn()
    }
    await moveTo(events.at(-1)?.position ?? at)
  }

  /** Tries the event of a dead letter once more. @returns the letter, if that failed too */
  async retry(event: RecordedEvent, signal: AbortSignal): Promise<DeadLetter | undefined> {
    return this.#alone(async () => {
      const { failure, writes } = await this.#attempt(event, signal)
      if (failure !== undefined) return this.#park(event, failure.message, 1)
      const { checkpoints, deadLetters } = this.#ports.ops
      await checkpoints.write(writes)
      await deadLetters.settle(this.name, event.position)
      return undefined
    })
  }

  /** @returns what is to be written with the checkpoint; undefined when it was told to stop before the event was done with */
  async #handleOrPark(event: RecordedEvent, signal: AbortSignal): Promise<readonly Write[] | undefined> {
    const { ledger, ops, timings } = this.#ports
    for (let failures = 1; ; failures++) {
      const { failure, writes } = await this.#attempt(event, signal)
      if (failure === undefined) {
        await ops.deadLetters.settle(this.name, event.position)
        return writes
      }
      if (signal.aborted) return undefined
      if (failures >= timings.attempts) {
        // No event's fault: set aside, every one behind it would follow.
        if (failure.cause instanceof FleetError && failure.cause.code === "StoreUnavailable") throw failure.cause
        await raiseDeadLetter(ledger, await this.#park(event, failure.message, failures), event)
        return []
      }
      await timings.sleep(backOff(timings, failures), signal)
      if (signal.aborted) return undefined
    }
  }

  async #attempt(event: RecordedEvent, signal: AbortSignal): Promise<Attempt> {
    const writes: Write[] = []
    try {
      await this.#handler.handle(event, contextOf(this.#ports.ledger, this.name, event, writes, signal))
      return { writes }
    } catch (cause) {
      const message = messageOf(cause).slice(0, longestMessage).toWellFormed()
      return { writes: [], failure: { message, cause } }
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
