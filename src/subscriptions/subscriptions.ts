/** All that follows the ledger here, by name: the views, and the handlers. How they are doing, and what a person may do about it. */
import type { Clock } from "#kernel/clock.js"
import { FleetError, bug } from "#kernel/errors.js"
import { type Position, origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { Checkpoints } from "#ops/checkpoints.js"
import type { DeadLetter, DeadLetters } from "#ops/dead-letters.js"
import type { Handler } from "./handler.js"
import { Handling } from "./handling.js"
import { Subscription, type SubscriptionState } from "./subscription.js"
import { type Timings, defaultTimings } from "./timings.js"
import { type Worker, onlyWorker } from "./worker.js"

export interface SubscriptionsPorts {
  readonly ledger: Ledger
  readonly ops: { readonly checkpoints: Checkpoints; readonly deadLetters: DeadLetters }
  readonly clock: Clock
  /** Asked each time: a rebuild replaces the views and what keeps them up. */
  readonly views: () => Subscription
  readonly handlers: readonly Handler[]
  readonly worker?: Worker
  readonly timings?: Timings
}

export interface SubscriptionAccount {
  readonly name: string
  readonly kind: "views" | "handler"
  readonly state: SubscriptionState["is"]
  readonly position: Position
  /** Events in the ledger behind that position. */
  readonly lag: number
  readonly message: string | null
  readonly deadLetters: number
}

export interface Retried extends DeadLetter {
  readonly outcome: "handled" | "failed"
}

interface Handled {
  readonly handling: Handling
  readonly subscription: Subscription
}

/** Begins to handle, unless somebody had paused it or it is another instance's turn. */
export async function openSubscriptions(ports: SubscriptionsPorts): Promise<Subscriptions> {
  const { ledger, ops, handlers } = ports
  checkNames([ports.views().name, ...handlers.map(({ name }) => name)])
  const { position: head } = await ledger.head()
  await ops.deadLetters.forgetBehind(head)
  for (const { name, beginsNow } of handlers) {
    await ops.checkpoints.enrol(name, beginsNow === true ? head : origin)
    // The ledger was restored from a backup: what will stand at the positions that it lost is new.
    const checkpoint = ops.checkpoints.of(name)
    if (checkpoint > head) await ops.checkpoints.move(name, checkpoint, head)
  }
  const paused = new Set<string>()
  for (const { name } of handlers) if (await ops.checkpoints.isPaused(name)) paused.add(name)
  const subscriptions = new Subscriptions(ports, paused)
  await subscriptions.settle()
  return subscriptions
}

export class Subscriptions {
  readonly #ports: SubscriptionsPorts
  readonly #worker: Worker
  readonly #handled: ReadonlyMap<string, Handled>
  readonly #paused: Set<string>
  readonly #endWatch: () => void
  #turn: Promise<unknown> = Promise.resolve()

  constructor(ports: SubscriptionsPorts, paused: Set<string>) {
    const { ledger, ops, clock, handlers, worker = onlyWorker, timings = defaultTimings } = ports
    this.#ports = ports
    this.#paused = paused
    this.#worker = worker
    this.#handled = new Map(
      handlers.map((handler) => {
        const handling = new Handling(handler, { ledger, ops, clock, timings })
        return [handler.name, { handling, subscription: new Subscription(ledger, handling, { timings, held: true }) }]
      }),
    )
    this.#endWatch = worker.onChange(() => void this.settle())
  }

  /** The views first, then the handlers as they were given. */
  async list(): Promise<readonly SubscriptionAccount[]> {
    return Promise.all([this.#ports.views().name, ...this.#handled.keys()].map((name) => this.#account(name)))
  }

  /** Also after a restart. @throws FleetError `NotFound`, `InvalidInput` for the views */
  async pause(name: string): Promise<SubscriptionAccount> {
    return this.#inTurn(async () => {
      this.#handlerNamed(name, "every read waits for them, so they are never paused")
      await this.#ports.ops.checkpoints.setPaused(name, true)
      this.#paused.add(name)
      await this.#settle(name)
      return this.#account(name)
    })
  }

  /** Goes on after a pause or a failure. @throws FleetError `NotFound` */
  async resume(name: string): Promise<SubscriptionAccount> {
    return this.#inTurn(async () => {
      if (name === this.#ports.views().name) this.#ports.views().start()
      else {
        this.#handlerNamed(name)
        await this.#ports.ops.checkpoints.setPaused(name, false)
        this.#paused.delete(name)
        await this.#settle(name)
      }
      return this.#account(name)
    })
  }

  /**
   * Has a handler handle the event at `from` and all behind it again.
   * @throws FleetError `NotFound`, `InvalidInput` for the views and for a position that it has not reached, `AlreadyRunning`
   */
  async replay(name: string, from: Position): Promise<SubscriptionAccount> {
    return this.#inTurn(async () => {
      const { subscription } = this.#handlerNamed(name, 'they are built anew by "fleet-ledger rebuild"')
      this.#mustBeWorker()
      await subscription.rest()
      try {
        const { position } = subscription
        if (from > position) {
          throw new FleetError(
            "InvalidInput",
            `"from" is ${from}; "${name}" has come to position ${position}, and replays from there or before`,
          )
        }
        await this.#ports.ops.checkpoints.move(name, position, (from - 1) as Position)
      } finally {
        await this.#settle(name)
      }
      return this.#account(name)
    })
  }

  /** Has the event of a dead letter handled once more; if that goes well the letter is gone. @throws FleetError `NotFound`, `AlreadyRunning` */
  async retry(id: string, signal: AbortSignal): Promise<Retried> {
    const { ledger, ops } = this.#ports
    const letter = await ops.deadLetters.find(id)
    const { handling } = this.#handlerNamed(letter.handler)
    this.#mustBeWorker()
    const [event] = await ledger.readAt([letter.position])
    if (event === undefined) throw bug(`a dead letter is about position ${letter.position}, which the ledger lacks`)
    const failed = await handling.retry(event, signal)
    return failed === undefined ? { ...letter, outcome: "handled" } : { ...failed, outcome: "failed" }
  }

  /** Of the handlers; the views belong to whoever gave them. Waits a bounded time for what is at hand. */
  async stop(): Promise<void> {
    this.#endWatch()
    await this.#inTurn(() => Promise.all([...this.#handled.values()].map(({ subscription }) => subscription.stop())))
  }

  /** What was left unfinished, in sentences. */
  unfinished(): readonly string[] {
    return [...this.#handled.values()].flatMap(({ subscription: { name, state } }) =>
      state.is === "stopped" && state.message !== undefined ? [`${name}: ${state.message}`] : [],
    )
  }

  /** Each handler at work or at rest as it should be. */
  async settle(): Promise<void> {
    await this.#inTurn(() => Promise.all([...this.#handled.keys()].map((name) => this.#settle(name))))
  }

  async #settle(name: string): Promise<void> {
    const { subscription } = this.#handlerNamed(name)
    if (this.#paused.has(name)) await subscription.pause()
    else if (this.#worker.isWorker()) subscription.start()
    else await subscription.rest()
  }

  #mustBeWorker(): void {
    if (this.#worker.isWorker()) return
    throw new FleetError("AlreadyRunning", "another instance handles events now; ask it")
  }

  /** @param notTheViews why this cannot be done to the views */
  #handlerNamed(name: string, notTheViews?: string): Handled {
    const handled = this.#handled.get(name)
    if (handled !== undefined) return handled
    if (name === this.#ports.views().name && notTheViews !== undefined) {
      throw new FleetError("InvalidInput", `"${name}" is no handler: ${notTheViews}`)
    }
    const known = [this.#ports.views().name, ...this.#handled.keys()]
    throw new FleetError("NotFound", `no subscription is called "${name.slice(0, 80)}"; there is ${known.join(", ")}`)
  }

  async #account(name: string): Promise<SubscriptionAccount> {
    const isViews = name === this.#ports.views().name
    const subscription = isViews ? this.#ports.views() : this.#handlerNamed(name).subscription
    const { state, position } = subscription
    return {
      name,
      kind: isViews ? "views" : "handler",
      state: state.is,
      position,
      lag: await subscription.lag(),
      message: messageOf(state),
      deadLetters: isViews ? 0 : await this.#ports.ops.deadLetters.count(name),
    }
  }

  /** One command at a time, so that none meets another half done. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(action)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

function messageOf(state: SubscriptionState): string | null {
  switch (state.is) {
    case "booting":
    case "active":
      return null
    case "failed":
      return `stopped after position ${state.after}: ${state.message}`
    case "new":
    case "paused":
    case "stopped":
      return state.message ?? null
  }
}

/** Names are written in ids and on command lines. */
function checkNames(names: readonly string[]): void {
  for (const name of names)
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) throw bug(`"${name}" is no subscription's name`)
  if (new Set(names).size < names.length) throw bug(`two subscriptions share a name: ${names.join(", ")}`)
}
