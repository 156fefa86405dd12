/**
 * What is under way to one channel. Each channel has a lane of its own, so that one whose receiver is gone holds up no other: it makes messages of what is
 * ready, sends so many at once, and waits until the next thing is due.
 */
import type { ChannelConfig } from "#config/channels.js"
import { type Clock, epochMs, instant } from "#kernel/clock.js"
import { messageOf } from "#kernel/errors.js"
import type { Sleep } from "#kernel/sleep.js"
import type { Deliveries, Delivery } from "#ops/deliveries.js"
import type { Outbox } from "#ops/outbox.js"
import type { Channel } from "./channel.js"
import type { Message } from "./message.js"
import { type BackOff, type Outcome, waitAfter } from "./outcome.js"

export interface LanePorts {
  readonly ops: { readonly outbox: Outbox; readonly deliveries: Deliveries }
  /** Owes what is to be told again, or could not be told when it was raised. */
  readonly remind: (channel: ChannelConfig, now: number) => Promise<void>
  readonly compose: (delivery: Delivery, named: number) => Promise<Message>
  readonly clock: Clock
  readonly sleep: Sleep
  readonly backOff: BackOff
  /** Whether it is this instance that delivers, now: of several, one does. */
  readonly isOurs: () => boolean
  /** Hears of what could not be done here, as the store was not to be had; it is tried again. */
  readonly failed: (error: unknown) => void
}

/** While more come, a group is told after so many of its windows at the latest. */
const windowsAtMost = 10
/** Whose turn it is may change without anybody saying so here. */
const longestWaitMs = 30_000
const afterTroubleMs = 5_000
const remindEveryMs = 60_000

export class Lane {
  readonly #channel: Channel
  readonly #ports: LanePorts
  readonly #stopping = new AbortController()
  /** Ends what is on its way. */
  readonly #leaving = new AbortController()
  readonly #underWay = new Map<string, Promise<void>>()
  #wake: () => void = () => {}
  #isWoken = false
  #remindAt = 0
  readonly #running: Promise<void>

  constructor(channel: Channel, ports: LanePorts) {
    this.#channel = channel
    this.#ports = ports
    this.#running = this.#run()
  }

  wake(): void {
    this.#isWoken = true
    this.#wake()
  }

  /** Takes up nothing else, and gives what is on its way so long; what is left then is sent again another time, as the same. */
  async stop(patienceMs: number): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#running
    const waited = new AbortController()
    const overdue = this.#ports.sleep(patienceMs, waited.signal)
    await Promise.race([Promise.all(this.#underWay.values()), overdue])
    waited.abort()
    this.#leaving.abort()
    await Promise.all(this.#underWay.values())
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      this.#isWoken = false
      const wait = await this.#turn()
      if (!this.#isWoken && !signal.aborted) await this.#pause(wait)
    }
  }

  /** @returns milliseconds until there is something to do, if nobody wakes it */
  async #turn(): Promise<number> {
    const { isOurs, remind, failed } = this.#ports
    if (!isOurs()) return longestWaitMs
    try {
      const now = epochMs(this.#ports.clock.now())
      if (now >= this.#remindAt) {
        await remind(this.#channel.config, now)
        this.#remindAt = now + remindEveryMs
      }
      const formed = await this.#form(now)
      const sent = await this.#sendDue(now)
      return Math.max(0, Math.min(longestWaitMs, formed - now, sent - now, this.#remindAt - now))
    } catch (error) {
      failed(error)
      return afterTroubleMs
    }
  }

  /** Makes messages of the groups whose window is over. @returns when the next one is */
  async #form(now: number): Promise<number> {
    const { config, most } = this.#channel
    const { outbox } = this.#ports.ops
    let next = Number.POSITIVE_INFINITY
    for (const { group, first, last } of await outbox.waiting(config.name)) {
      const over = Math.min(last + config.groupFor, first + windowsAtMost * config.groupFor)
      if (over > now) next = Math.min(next, over)
      // What is left then waits behind an earlier message, which wakes the lane when it is done.
      else while (await outbox.form(config.name, group, most, now));
    }
    return next
  }

  /** @returns when the next one is due that there is room for */
  async #sendDue(now: number): Promise<number> {
    const { config, atOnce } = this.#channel
    const { deliveries } = this.#ports.ops
    const account = (await deliveries.accounts()).find(({ name }) => name === config.name)
    const { nextAt: channelAt = 0, failures = 0 } = account ?? {}
    // While the receiver cannot be reached, one message finds out whether it can be again.
    let room = (failures > 0 ? 1 : atOnce) - this.#underWay.size
    if (room <= 0) return Number.POSITIVE_INFINITY
    const owed = await deliveries.owed(config.name, atOnce + this.#underWay.size)
    for (const delivery of owed.filter(({ id }) => !this.#underWay.has(id))) {
      const due = Math.max(delivery.nextAt, channelAt)
      if (due > now) return due
      if (room-- === 0) break
      const sending = this.#deliver(delivery, failures).finally(() => {
        this.#underWay.delete(delivery.id)
        this.wake()
      })
      this.#underWay.set(delivery.id, sending)
    }
    return Number.POSITIVE_INFINITY
  }

  /** Never rejects. */
  async #deliver(delivery: Delivery, channelFailures: number): Promise<void> {
    try {
      const outcome = await this.#attempt(delivery)
      // What was broken off on the way out is no failure of anybody's.
      if (this.#leaving.signal.aborted && outcome.is === "failed") return
      await this.#note(delivery, outcome, channelFailures)
    } catch (error) {
      this.#ports.failed(error)
    }
  }

  async #attempt(delivery: Delivery): Promise<Outcome> {
    const channel = this.#channel
    let message: Message
    try {
      message = await this.#ports.compose(delivery, channel.named)
    } catch (error) {
      return { is: "failed", why: messageOf(error), ofChannel: false }
    }
    return channel.send(message, this.#leaving.signal)
  }

  async #note(delivery: Delivery, outcome: Outcome, channelFailures: number): Promise<void> {
    const { clock, backOff, ops } = this.#ports
    const now = epochMs(clock.now())
    if (outcome.is === "taken") return ops.deliveries.taken(delivery, now)
    const error = outcome.why.slice(0, 500).toWellFormed()
    if (outcome.is === "refused") return ops.deliveries.bury(delivery, error, now)
    if (now - delivery.owedAt >= this.#channel.config.giveUpAfter) {
      const since = instant(delivery.owedAt)
      return ops.deliveries.bury(
        delivery,
        `given up after ${delivery.attempts + 1} attempts since ${since}: ${error}`,
        now,
      )
    }
    const { retryAfterMs, ofChannel } = outcome
    const wait = waitAfter(ofChannel ? channelFailures + 1 : delivery.attempts + 1, retryAfterMs, backOff)
    const nextAt = now + wait
    // Held up with its channel, a message is the next one to be tried there.
    const failed = ofChannel
      ? { error, nextAt: delivery.nextAt, channel: { failures: channelFailures + 1, nextAt } }
      : { error, nextAt }
    return ops.deliveries.failed(delivery, failed, now)
  }

  async #pause(ms: number): Promise<void> {
    const over = new AbortController()
    const woken = new Promise<void>((resolve) => (this.#wake = resolve))
    await Promise.race([woken, this.#ports.sleep(ms, over.signal)])
    over.abort()
    this.#wake = () => {}
  }
}
