/** A subscription over a real ledger: catches up, follows live, says when a position is reached, and stops where its subscriber fails. */
import * as path from "node:path"
import type { RecordedEvent } from "#events/catalog.js"
import { type Position, origin, position } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { Views } from "#projections/views.js"
import type { Subscriber } from "#subscriptions/subscriber.js"
import { Subscription, type SubscriptionOptions } from "#subscriptions/subscription.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, sample, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestTimings } from "#tests/support/test-timings.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

const one = stream("target-1")
const patience = 10_000

async function openLedger(): Promise<Ledger> {
  const ledger = openSqliteLedger(path.join(await tempFolder(), "ledger.db"))
  onTestFinished(() => ledger.close())
  return ledger
}

/** Ends with the test, before its ledger does. */
function subscribed(ledger: Ledger, subscriber: Subscriber, options: SubscriptionOptions = {}): Subscription {
  const subscription = new Subscription(ledger, subscriber, options)
  onTestFinished(() => subscription.stop())
  return subscription
}

/** Remembers what it handled; the test may hold it up, or have it fail at a position. */
class Reader implements Subscriber {
  readonly name = "reader"
  readonly batches: (readonly RecordedEvent[])[] = []
  /** Called as a batch arrives. */
  arrived = () => {}
  /** What each batch waits for. */
  held: Promise<void> = Promise.resolve()
  failsAt: Position | undefined
  #checkpoint: Position

  constructor(checkpoint: Position = origin) {
    this.#checkpoint = checkpoint
  }

  checkpoint(): Position {
    return this.#checkpoint
  }

  async handle(events: readonly RecordedEvent[]): Promise<void> {
    this.arrived()
    await this.held
    if (events.some((event) => event.position === this.failsAt)) throw new Error(`cannot read ${this.failsAt}`)
    this.batches.push(events)
    this.#checkpoint = events.at(-1)?.position ?? this.#checkpoint
  }

  get positions(): number[] {
    return this.batches.flat().map((event) => event.position)
  }
}

const upTo = (count: number, from = 0) => Array.from({ length: count - from }, (_, index) => from + index)

describe("following", () => {
  it("catches up with what is there, then brings what comes, once each and in order", async () => {
    const ledger = await openLedger()
    await ledger.append(one, noStream, changes(2_500), "there")
    const reader = new Reader()
    const subscription = subscribed(ledger, reader)
    await subscription.reached(position(2_499), patience)
    expect(reader.batches.length).toBeGreaterThan(1)
    for (let count = 2_500; count < 2_520; count++) await ledger.append(one, count - 1, changes(1), "live")
    await subscription.reached(position(2_519), patience)
    expect(reader.positions).toStrictEqual(upTo(2_520))
    expect(subscription.state).toStrictEqual({ is: "active" })
  })

  it("begins behind the checkpoint", async () => {
    const ledger = await openLedger()
    await ledger.append(one, noStream, changes(10), "a")
    const reader = new Reader(position(6))
    await subscribed(ledger, reader).reached(position(9), patience)
    expect(reader.positions).toStrictEqual(upTo(10, 7))
  })

  it("leaves room for others while it catches up", async () => {
    const ledger = await openLedger()
    await ledger.append(one, noStream, changes(4_000), "a")
    const subscription = subscribed(ledger, new Reader())
    let turns = 0
    const turn = () => {
      turns += 1
      setImmediate(turn).unref()
    }
    turn()
    await subscription.reached(position(3_999), patience)
    expect(turns).toBeGreaterThan(3)
  })

  it("keeps views up with the ledger", async () => {
    const ledger = await openLedger()
    const views = new Views(path.join(await tempFolder(), "views.db"))
    onTestFinished(() => views.close())
    const subscription = subscribed(ledger, views)
    await ledger.append(one, noStream, [sample("TargetDiscovered")], "a")
    await subscription.reached(position(0), patience)
    expect(await views.entities.totals(position(0))).toStrictEqual({ target: 1, service: 0, stack: 0 })
  })
})

describe("what has been reached", () => {
  it("is known at once for what was handled before, even after it stopped", async () => {
    const ledger = await openLedger()
    const subscription = subscribed(ledger, new Reader(position(4)))
    await subscription.reached(position(4), 0)
    await subscription.reached(origin, 0)
    await subscription.stop()
    await expect(subscription.reached(position(4), 0)).resolves.toBeUndefined()
  })

  it("is told to each who waits as soon as it is so, and to nobody before", async () => {
    const ledger = await openLedger()
    const reader = new Reader()
    const subscription = subscribed(ledger, reader)
    const order: number[] = []
    const waiting = [3, 0, 5, 1].map(async (wanted) => {
      await subscription.reached(position(wanted), patience)
      expect(reader.checkpoint()).toBeGreaterThanOrEqual(wanted)
      order.push(wanted)
    })
    for (let count = 0; count < 6; count++) {
      await ledger.append(one, count - 1, changes(1), "live")
      await subscription.reached(position(count), patience)
    }
    await Promise.all(waiting)
    expect(order).toStrictEqual([0, 1, 3, 5])
  })

  it("times out as ViewsBehind, which may be tried again, and may", async () => {
    const ledger = await openLedger()
    const subscription = subscribed(ledger, new Reader())
    const behind = await refusalOf(() => subscription.reached(position(0), 5))
    expect(behind).toMatchObject({ code: "ViewsBehind", retryable: true })
    await ledger.append(one, noStream, changes(1), "a")
    await subscription.reached(position(0), patience)
  })
})

describe("a subscriber that fails", () => {
  it("ends the subscription and says after which position; the batches before stand", async () => {
    const ledger = await openLedger()
    await ledger.append(one, noStream, changes(2_500), "a")
    const reader = new Reader()
    reader.failsAt = position(2_200)
    const subscription = subscribed(ledger, reader)
    const behind = await refusalOf(() => subscription.reached(position(2_499), patience))
    expect(behind).toMatchObject({ code: "ViewsBehind" })
    expect(behind.message).toContain("stopped after position 1999: cannot read 2200")
    expect(subscription.state).toStrictEqual({ is: "failed", after: 1_999, message: "cannot read 2200" })
    expect(reader.positions).toStrictEqual(upTo(2_000))
    await subscription.reached(position(1_999), 0)
    const late = await refusalOf(() => subscription.reached(position(2_000), patience))
    expect(late.message).toContain("cannot read 2200")
    await subscription.stop()
    expect(subscription.state.is).toBe("failed")
  })

  it("goes on from there when it is started again, once it can", async () => {
    const ledger = await openLedger()
    await ledger.append(one, noStream, changes(2_500), "a")
    const reader = new Reader()
    reader.failsAt = position(1_500)
    const subscription = subscribed(ledger, reader)
    await refusalOf(() => subscription.reached(position(2_499), patience))
    reader.failsAt = undefined
    subscription.start()
    await subscription.reached(position(2_499), patience)
    expect(reader.positions).toStrictEqual(upTo(2_500))
    expect(subscription.state).toStrictEqual({ is: "active" })
  })

  it("goes on from there with another subscription, once it can", async () => {
    const ledger = await openLedger()
    await ledger.append(one, noStream, changes(2_500), "a")
    const reader = new Reader()
    reader.failsAt = position(1_500)
    await refusalOf(() => subscribed(ledger, reader).reached(position(2_499), patience))
    reader.failsAt = undefined
    await subscribed(ledger, reader).reached(position(2_499), patience)
    expect(reader.positions).toStrictEqual(upTo(2_500))
  })

  it("is one whose ledger is gone, too", async () => {
    const ledger = await openLedger()
    const subscription = subscribed(ledger, new Reader())
    const waiting = refusalOf(() => subscription.reached(position(0), patience))
    await ledger.close()
    await subscription.stop()
    expect((await waiting).code).toBe("ViewsBehind")
  })
})

describe("a subscription's state", () => {
  it("is new until it is started, booting while it catches up, and active from then on, however far behind", async () => {
    const ledger = await openLedger()
    await ledger.append(one, noStream, changes(2_500), "a")
    const reader = new Reader()
    const subscription = subscribed(ledger, reader, { held: true })
    expect([subscription.state, await subscription.lag()]).toStrictEqual([{ is: "new" }, 2_500])
    const lags: number[] = []
    reader.arrived = () => void lags.push(2_499 - reader.checkpoint())
    subscription.start()
    expect(subscription.state).toStrictEqual({ is: "booting" })
    await subscription.reached(position(999), patience)
    expect(subscription.state).toStrictEqual({ is: "booting" })
    await subscription.reached(position(2_499), patience)
    expect(subscription.state).toStrictEqual({ is: "active" })
    expect([lags, await subscription.lag()]).toStrictEqual([[2_500, 1_500, 500], 0])
    let letGo = () => {}
    reader.held = new Promise((resolve) => (letGo = resolve))
    await ledger.append(one, 2_499, changes(700), "b")
    expect([subscription.state, await subscription.lag()]).toStrictEqual([{ is: "active" }, 700])
    letGo()
  })

  it("is active at once where there is nothing to catch up with", async () => {
    const subscription = subscribed(await openLedger(), new Reader())
    await until(() => subscription.state.is === "active")
    expect(await subscription.lag()).toBe(0)
  })

  it("is paused until it is started: what comes waits, and whoever waits for it is told at once", async () => {
    const ledger = await openLedger()
    const reader = new Reader()
    const subscription = subscribed(ledger, reader)
    const waiting = refusalOf(() => subscription.reached(position(0), patience))
    await subscription.pause()
    expect((await waiting).code).toBe("ViewsBehind")
    await ledger.append(one, noStream, changes(3), "a")
    expect((await refusalOf(() => subscription.reached(position(0), patience))).code).toBe("ViewsBehind")
    expect([subscription.state, await subscription.lag()]).toStrictEqual([{ is: "paused" }, 3])
    subscription.start()
    await subscription.reached(position(2), patience)
    expect(reader.positions).toStrictEqual(upTo(3))
  })

  it("is stopped for good, whatever was asked before or is asked after", async () => {
    const ledger = await openLedger()
    const subscription = subscribed(ledger, new Reader())
    await Promise.all([subscription.pause(), subscription.stop(), subscription.rest()])
    subscription.start()
    await subscription.pause()
    expect(subscription.state).toStrictEqual({ is: "stopped" })
  })
})

describe("a batch that is not done in time", () => {
  it("is left, which the state says, and no other is given out before it is done", async () => {
    const ledger = await openLedger()
    await ledger.append(one, noStream, changes(1_500), "a")
    const [reader, timings] = [new Reader(), new TestTimings()]
    let letGo = () => {}
    reader.held = new Promise((resolve) => (letGo = resolve))
    let arrivals = 0
    const firstBatch = new Promise<void>((resolve) => (reader.arrived = () => ((arrivals += 1), resolve())))
    const subscription = subscribed(ledger, reader, { timings })
    await firstBatch
    const paused = subscription.pause()
    timings.losePatience()
    await paused
    const message = "what is behind position -1 was not done within 10 s and was left"
    expect(subscription.state).toStrictEqual({ is: "paused", message })
    subscription.start()
    await new Promise((resolve) => setImmediate(resolve))
    expect([subscription.state.is, arrivals]).toStrictEqual(["booting", 1])
    letGo()
    await subscription.reached(position(1_499), patience)
    expect(reader.positions).toStrictEqual(upTo(1_500))
  })
})

describe("stopping", () => {
  it("finishes the batch at hand and takes no other", async () => {
    const ledger = await openLedger()
    await ledger.append(one, noStream, changes(2_500), "a")
    const reader = new Reader()
    let letGo = () => {}
    reader.held = new Promise((resolve) => (letGo = resolve))
    const firstBatch = new Promise<void>((resolve) => (reader.arrived = resolve))
    const subscription = subscribed(ledger, reader)
    await firstBatch
    const withinIt = subscription.reached(position(999), patience)
    const behindIt = refusalOf(() => subscription.reached(position(1_000), patience))
    const stopped = subscription.stop()
    expect(reader.batches).toHaveLength(0)
    letGo()
    await stopped
    await withinIt
    expect(await behindIt).toMatchObject({ code: "ViewsBehind", retryable: true })
    expect(reader.positions).toStrictEqual(upTo(1_000))
    expect(subscription.state).toStrictEqual({ is: "stopped" })
  })

  it("ends the waiting for what comes, and may be done twice", async () => {
    const ledger = await openLedger()
    const reader = new Reader()
    const subscription = subscribed(ledger, reader)
    await Promise.all([subscription.stop(), subscription.stop()])
    await ledger.append(one, noStream, changes(1), "a")
    expect((await refusalOf(() => subscription.reached(position(0), patience))).code).toBe("ViewsBehind")
    expect(reader.batches).toStrictEqual([])
  })
})
