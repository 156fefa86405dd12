/** Session after session, and what appends to the cluster waits for: with the cluster's part, and time, in the test's hand. */
import { FleetError } from "#kernel/errors.js"
import { Copy } from "#ledger/eventstoredb/copy.js"
import { Delivery } from "#ledger/eventstoredb/delivery.js"
import { Follower } from "#ledger/eventstoredb/follower.js"
import { defaultTimings } from "#ledger/eventstoredb/timings.js"
import { TestTime } from "#tests/contract/eventstoredb/test-time.js"
import {
  Script,
  type Subscription,
  at,
  event,
  name,
  settled,
  streams,
  target,
} from "#tests/support/eventstoredb/script.js"
import { refusalOf } from "#tests/support/refusal.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

const { firstWaitMs, longestWaitMs, openMs, appendMs, callMs } = defaultTimings
/** Nothing else takes so long. */
const copyMs = 4_321
const forever = new AbortController().signal
const away = (message = "it is away") => new FleetError("StoreUnavailable", message)

/** Follows from now on. */
function following(script: Script) {
  const [copy, time, clock, told] = [new Copy(":memory:"), new TestTime(), new TestClock(), [] as string[]]
  // Of a back-off the whole.
  const timings = { ...defaultTimings, copyMs, sleep: time.sleep, monotonic: time.monotonic, random: () => 1 }
  const follower = new Follower({
    cluster: script.cluster,
    copy,
    file: "copy.db",
    streams,
    timings,
    clock,
    copied: () => void told.push("copied"),
    leaseMoved: () => void told.push("lease moved"),
  })
  const begin = clock.now()
  clock.advance(1_000)
  follower.start()
  onTestFinished(() => follower.close())
  /** The next subscription that is asked for. */
  const next = async (): Promise<Subscription> => {
    const count = script.subscriptions.length
    await until(() => script.subscriptions.length > count)
    return script.subscription as Subscription
  }
  /** Waits until somebody waits for so long, and lets it pass. */
  const pass = async (ms: number) => {
    await until(() => time.isWaitedFor(ms))
    time.advance(ms)
  }
  return { follower, copy, time, timings, clock, told, begin, next, pass }
}

describe("following", () => {
  it("begins when it is confirmed, and says since when", async () => {
    const script = new Script(at(100))
    const { follower, clock, begin, next } = following(script)
    expect(follower.state).toStrictEqual({ is: "connecting", since: begin })
    const { listener } = await next()
    listener.confirmed()
    expect(follower.state).toStrictEqual({ is: "following", since: clock.now() })
    const since = clock.now()
    clock.advance(5)
    listener.caughtUp()
    await settled()
    expect(follower.state).toStrictEqual({ is: "following", since })
  })

  it("waits after a failure, twice as long after each more, and anew when something was copied", async () => {
    const script = new Script(at(100), event(0))
    script.trouble = away()
    const { follower, told, clock, time, next, pass } = following(script)
    await until(() => follower.state.is === "waiting")
    expect(follower.state).toStrictEqual({ is: "waiting", since: clock.now(), reason: "it is away" })
    for (const times of [1, 2, 4]) await pass(times * firstWaitMs)
    await until(() => time.isWaitedFor(8 * firstWaitMs))
    script.trouble = undefined
    const second = next()
    time.advance(8 * firstWaitMs)
    const subscription = await second
    expect(follower.state.is).toBe("connecting")
    subscription.listener.confirmed()
    subscription.send(event(0))
    await settled()
    expect([follower.state.is, told]).toStrictEqual(["following", ["copied"]])
    subscription.fail(new Error("something else"))
    const third = next()
    await pass(firstWaitMs)
    expect((await third).after).toStrictEqual(at(100))
  })

  it("waits no longer than it may, however often it fails", async () => {
    const script = new Script(at(100))
    script.trouble = away()
    const { follower, pass } = following(script)
    for (let ms = firstWaitMs; ms < longestWaitMs; ms *= 2) await pass(ms)
    for (const _ of ["once", "again"]) await pass(longestWaitMs)
    expect(follower.state.is).not.toBe("following")
  })

  it("takes another subscription when it is told to, of which nobody notices anything", async () => {
    const script = new Script(at(100))
    const { follower, next } = following(script)
    const first = await next()
    first.listener.confirmed()
    const { state } = follower
    follower.renew()
    const second = await next()
    expect([first.isClosed, second.isClosed, follower.state]).toStrictEqual([true, false, state])
  })

  it("ends when it is closed, also while it waits", async () => {
    const script = new Script(at(100))
    const { follower, next } = following(script)
    const subscription = await next()
    await follower.close()
    expect([subscription.isClosed, script.subscriptions.length]).toStrictEqual([true, 1])
    const troubled = new Script(at(100))
    troubled.trouble = away()
    const waiting = following(troubled)
    await until(() => waiting.time.isWaitedFor(firstWaitMs))
    await waiting.follower.close()
    expect(troubled.subscriptions).toHaveLength(0)
  })

  it("tells of the lease", async () => {
    const { told, next } = following(new Script(at(100)))
    const subscription = await next()
    subscription.send(event(0, { stream: streams.lease }))
    await settled()
    expect(told).toStrictEqual(["lease moved"])
  })
})

describe("whoever opens the ledger", () => {
  it("has it when the copy has caught up", async () => {
    const { follower, next, time } = following(new Script(at(100)))
    let has = false
    const opened = follower.caughtUp().then(() => (has = true))
    const subscription = await next()
    subscription.listener.confirmed()
    await settled()
    expect(has).toBe(false)
    subscription.send(event(0))
    await opened
    expect(time.isWaitedFor(openMs)).toBe(false)
  })

  it("waits on where the copy is being made, however long that takes", async () => {
    const { follower, next, pass } = following(new Script(at(100)))
    const opened = follower.caughtUp()
    const subscription = await next()
    subscription.listener.confirmed()
    await pass(openMs)
    await settled()
    subscription.send(event(0))
    await expect(opened).resolves.toBeUndefined()
  })

  it("hears at once of what waiting does not help", async () => {
    const script = new Script(at(100))
    script.trouble = new FleetError("InvalidConfig", "another password")
    const { follower } = following(script)
    expect(await refusalOf(() => follower.caughtUp())).toBe(script.trouble)
  })

  it("hears after a while of what waiting may help, and goes on until then", async () => {
    const script = new Script(at(100))
    script.trouble = away()
    const { follower, pass } = following(script)
    const opening = refusalOf(() => follower.caughtUp())
    let isOver = false
    void opening.then(() => (isOver = true))
    await pass(firstWaitMs)
    await settled()
    expect(isOver).toBe(false)
    await pass(openMs)
    expect(await opening).toBe(script.trouble)
  })

  it("hears after a while that nobody answers", async () => {
    const { follower, next, pass } = following(new Script(at(100)))
    const opening = refusalOf(() => follower.caughtUp())
    await next()
    await pass(openMs)
    expect((await opening).message).toBe(`EventStoreDB at a:2113 did not answer within ${openMs} ms`)
  })
})

describe("what waits for the cluster to be followed", () => {
  it("goes on when it is, or with what is in the way when it is left", async () => {
    const script = new Script(at(100))
    script.trouble = away()
    const { follower, next, pass } = following(script)
    await until(() => follower.state.is === "waiting")
    const left = new AbortController()
    const waiting = [follower.following(left.signal), follower.following(forever)] as const
    left.abort()
    expect(await waiting[0]).toBe(script.trouble)
    script.trouble = undefined
    const subscription = next()
    await pass(firstWaitMs)
    ;(await subscription).listener.confirmed()
    expect(await waiting[1]).toBeUndefined()
  })

  it("fails where the data are wrong, until the copy has caught up without finding so", async () => {
    const script = new Script(at(100))
    const { follower, next, pass } = following(script)
    const first = await next()
    first.listener.confirmed()
    script.limits = ["$maxAge"]
    const limited = event(0, { stream: `$$${name}`, data: { $maxAge: 1 } })
    first.send(limited)
    await until(() => follower.state.is === "waiting")
    expect((await refusalOf(() => follower.following(forever))).code).toBe("StoreDamaged")
    const second = next()
    await pass(firstWaitMs)
    const { listener } = await second
    listener.confirmed()
    expect(follower.state.is).toBe("connecting")
    expect((await refusalOf(() => follower.following(forever))).code).toBe("StoreDamaged")
    listener.caughtUp()
    await settled()
    expect(await follower.following(forever)).toBeUndefined()
  })

  it("has a revision when that is copied, and not where it is left before", async () => {
    const { follower, next } = following(new Script(at(100)))
    const subscription = await next()
    const left = new AbortController()
    const [has, hasNot] = [follower.has(target, 1, forever), follower.has(target, 2, left.signal)]
    subscription.send(event(0))
    await settled()
    subscription.send(event(1))
    expect(await has).toBe(true)
    left.abort()
    expect(await hasNot).toBe(false)
    expect(await follower.has(target, 1, forever)).toBe(true)
  })
})

describe("delivery", () => {
  async function delivering(script = new Script(at(100))) {
    const all = following(script)
    const subscription = await all.next()
    subscription.listener.confirmed()
    const delivery = new Delivery({ cluster: script.cluster, follower: all.follower, streams, timings: all.timings })
    return { ...all, script, subscription, delivery }
  }

  it("goes one after the other, whatever becomes of those before", async () => {
    const { delivery } = await delivering()
    const done: string[] = []
    const [first, second] = [
      delivery.inTurn(async () => {
        await settled()
        done.push("first")
        throw new Error("no")
      }),
      delivery.inTurn(async () => done.push("second")),
    ]
    await expect(first).rejects.toThrow("no")
    await second
    expect(done).toStrictEqual(["first", "second"])
  })

  it("tries again where that may help, waiting longer each time", async () => {
    const { delivery, pass } = await delivering()
    let calls = 0
    const answer = delivery.trying(async () => {
      if (calls++ < 2) throw away()
      return "answered"
    }, forever)
    for (const ms of [firstWaitMs, 2 * firstWaitMs]) await pass(ms)
    expect([await answer, calls]).toStrictEqual(["answered", 3])
  })

  it("waits until the cluster is followed", async () => {
    const { delivery, follower, subscription, next, pass } = await delivering()
    subscription.fail(away())
    await until(() => follower.state.is === "waiting")
    let calls = 0
    const answer = delivery.trying(async () => ++calls, forever)
    await settled()
    expect(calls).toBe(0)
    const again = next()
    await pass(firstWaitMs)
    ;(await again).listener.confirmed()
    expect(await answer).toBe(1)
  })

  it("asks nothing where its time is over before the cluster is followed", async () => {
    const { delivery, follower, subscription } = await delivering()
    subscription.fail(away("it went away"))
    await until(() => follower.state.is === "waiting")
    const left = new AbortController()
    let calls = 0
    const answer = refusalOf(() => delivery.trying(async () => ++calls, left.signal))
    left.abort()
    expect((await answer).message).toMatch(/\(it went away\)$/)
    expect(calls).toBe(0)
  })

  it.each([
    ["SchemaViolation", "SchemaViolation"],
    // Whoever appends is not who configured.
    ["InvalidConfig", "StoreUnavailable"],
  ] as const)("does not try again where that is no use: %s", async (code, told) => {
    const { delivery } = await delivering()
    const error = await refusalOf(() => delivery.trying(() => Promise.reject(new FleetError(code, "no")), forever))
    expect([error.code, error.message]).toStrictEqual([told, "no"])
  })

  it("gives up when its time is over, says that it may be written, and why it is not known", async () => {
    const { delivery, time } = await delivering()
    let limited = forever
    const answer = refusalOf(() =>
      delivery.limited((limit) => {
        limited = limit
        return delivery.trying(() => Promise.reject(away()), limit)
      }),
    )
    await until(() => time.isWaitedFor(appendMs) && time.isWaitedFor(firstWaitMs))
    time.advance(appendMs)
    const error = await answer
    expect([error.code, error.message, limited.aborted]).toStrictEqual([
      "StoreUnavailable",
      "the append was not answered in time, and may or may not be written; the identical append again will tell (it is away)",
      true,
    ])
    expect(error.cause).toMatchObject({ message: "it is away" })
  })

  it("leaves nobody waiting for its end once it is done", async () => {
    const { delivery, time } = await delivering()
    expect(await delivery.limited(async () => time.isWaitedFor(appendMs))).toBe(true)
    expect(time.isWaitedFor(appendMs)).toBe(false)
  })

  it("takes another subscription where what was written does not come back", async () => {
    const { delivery, subscription, next, pass } = await delivering()
    const copied = delivery.copied(target, 0, forever)
    const again = next()
    await pass(copyMs)
    ;(await again).send(event(0))
    await copied
    expect(subscription.isClosed).toBe(true)
    const left = new AbortController()
    const gaveUp = refusalOf(() => delivery.copied(target, 1, left.signal))
    left.abort()
    expect((await gaveUp).message).toMatch(/\(the events have not come back from EventStoreDB\)$/)
  })

  it("is waited for when it is closed, as long as a call may take; then it ends, and nothing more is taken", async () => {
    const { delivery, time, pass } = await delivering()
    const ended: string[] = []
    const underWay = [1, 2].map((no) =>
      delivery.limited((limit) =>
        new Promise<void>((resolve) => {
          if (no === 1) setImmediate(resolve)
          limit.addEventListener("abort", () => resolve())
        }).then(() => void ended.push(`${no}: ${limit.aborted}`)),
      ),
    )
    const closed = delivery.close().then(() => ended.push("closed"))
    await until(() => ended.length === 1)
    await settled()
    expect(ended).toStrictEqual(["1: false"])
    await pass(callMs)
    await Promise.all([closed, ...underWay])
    expect(ended).toStrictEqual(["1: false", "2: true", "closed"])
    const error = await refusalOf(() => delivery.limited(async () => "more"))
    expect([error.code, error.message, time.isWaitedFor(appendMs)]).toStrictEqual([
      "StoreUnavailable",
      "the ledger is closed",
      false,
    ])
  })
})
