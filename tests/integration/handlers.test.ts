/** Handlers on a real ledger and a real operational store: what they raise, what becomes of what they cannot handle, and what a person may do about it. */
import * as path from "node:path"
import type { EventType, RecordedEvent } from "#events/catalog.js"
import { FleetError } from "#kernel/errors.js"
import { alertId } from "#kernel/ids.js"
import { type Position, origin } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { type Ops, openOps } from "#ops/ops.js"
import { Views } from "#projections/views.js"
import type { Handler, HandlerContext } from "#subscriptions/handler.js"
import { Subscription } from "#subscriptions/subscription.js"
import { type SubscriptionAccount, type Subscriptions, openSubscriptions } from "#subscriptions/subscriptions.js"
import type { Worker } from "#subscriptions/worker.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, observedAt, sample, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { TestTimings } from "#tests/support/test-timings.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

const one = stream("target-1")
const forever = new AbortController().signal

/** Raises an alert for each change of a target, unless the test has it do something else first. */
class Watcher implements Handler {
  readonly name: string = "watcher"
  readonly types: readonly EventType[] = ["TargetChanged"]
  /** Positions in the order in which it was asked about them. */
  readonly asked: number[] = []
  /** Positions that it refuses. */
  readonly refuses = new Set<number>()
  before = async (_event: RecordedEvent, _context: HandlerContext): Promise<void> => {}

  async handle(event: RecordedEvent, context: HandlerContext): Promise<void> {
    this.asked.push(event.position)
    await this.before(event, context)
    if (this.refuses.has(event.position)) throw new Error(`no ${event.position}`)
    const data = {
      rule: "change",
      severity: "critical",
      title: `changed at ${event.position}`,
      about: { kind: "target", name: "web-1" },
      cause: event.position,
    } as const
    await context.append({ alert: alertId("change", "web-1", event.id), event: { type: "AlertRaised", data } })
  }
}

interface World {
  readonly ledger: Ledger
  readonly ops: Ops
  readonly clock: TestClock
  readonly views: Subscription
  readonly timings: TestTimings
  /** As another process would, later: each time with the handlers given. */
  open(handlers: readonly Handler[], worker?: Worker): Promise<Subscriptions>
}

async function world(events = 0): Promise<World> {
  const folder = await tempFolder()
  const clock = new TestClock()
  const ledger = openSqliteLedger(path.join(folder, "ledger.db"), clock)
  const ops = openOps(path.join(folder, "ops.db"), clock)
  const folded = new Views(":memory:")
  const views = new Subscription(ledger, folded)
  const timings = new TestTimings()
  const opened: Subscriptions[] = []
  onTestFinished(async () => {
    for (const subscriptions of opened) await subscriptions.stop()
    await views.stop()
    folded.close()
    ops.close()
    await ledger.close()
  })
  await ledger.append(one, noStream, [sample("TargetDiscovered")], "found")
  if (events > 0) await ledger.append(one, 0, changes(events), "there")
  return {
    ledger,
    ops,
    clock,
    views,
    timings,
    async open(handlers, worker) {
      const subscriptions = await openSubscriptions({
        ledger,
        ops,
        clock,
        views: () => views,
        handlers,
        timings,
        ...(worker === undefined ? {} : { worker }),
      })
      opened.push(subscriptions)
      return subscriptions
    },
  }
}

async function accountOf(subscriptions: Subscriptions, name = "watcher"): Promise<SubscriptionAccount> {
  const found = (await subscriptions.list()).find((account) => account.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}

/** Waits until the handler has done with all there is, its own alerts included. */
const caughtUp = (subscriptions: Subscriptions, name?: string) =>
  until(async () => {
    const { state, lag } = await accountOf(subscriptions, name)
    return state === "active" && lag === 0
  })
const inState = (subscriptions: Subscriptions, state: SubscriptionAccount["state"]) =>
  until(async () => (await accountOf(subscriptions)).state === state)

type Alert = RecordedEvent & { readonly type: "AlertRaised" }

async function alerts(ledger: Ledger, rule: string): Promise<Alert[]> {
  const all = await ledger.readAll({ after: origin, types: ["AlertRaised"], limit: 10_000 })
  return all.filter((event) => event.type === "AlertRaised").filter(({ data }) => data.rule === rule)
}
const causes = async (ledger: Ledger, rule = "change") => (await alerts(ledger, rule)).map(({ data }) => data.cause)
const letters = ({ ops }: World) => ops.deadLetters.page({ position: origin, id: "" }, 1_000)
const upTo = (count: number, from: number) => Array.from({ length: count - from + 1 }, (_, index) => from + index)

/** Something that lasts until the test lets it go. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

describe("what a handler appends", () => {
  it("is a stream of its own, named by rule, subject and cause, and says who wrote it because of what", async () => {
    const fleet = await world(1)
    const subscriptions = await fleet.open([new Watcher()])
    await caughtUp(subscriptions)
    const [cause] = await fleet.ledger.readAt([1 as Position])
    const [alert] = await alerts(fleet.ledger, "change")
    expect(alert).toMatchObject({
      stream: `alert-${alertId("change", "web-1", (cause as RecordedEvent).id)}`,
      revision: 0,
      metadata: { actor: "handler:watcher", causationId: cause?.id },
      observedAt,
      data: { title: "changed at 1", cause: 1 },
    })
  })

  it("is there once for each event, those that were there and those that come, and only for the types asked for", async () => {
    const fleet = await world(1_050)
    const watcher = new Watcher()
    const subscriptions = await fleet.open([watcher])
    await caughtUp(subscriptions)
    await fleet.ledger.append(stream("source-here"), noStream, [sample("DiscoveryFailed")], "look")
    await fleet.ledger.append(one, 1_050, changes(3), "live")
    await caughtUp(subscriptions)
    expect(watcher.asked).toHaveLength(1_053)
    expect(new Set(await causes(fleet.ledger))).toStrictEqual(new Set(watcher.asked))
    expect(await causes(fleet.ledger)).toHaveLength(1_053)
  })

  it("stands as it was said first when a handler decides otherwise the second time", async () => {
    const fleet = await world(1)
    const watcher = new Watcher()
    let severity: "warning" | "critical" = "warning"
    watcher.before = async (event, { append }) => {
      const about = { kind: "source", name: severity } as const
      const data = { rule: "moody", severity, title: severity, about, cause: event.position } as const
      await append({ alert: alertId("moody", "me", event.id), event: { type: "AlertRaised", data } })
    }
    const subscriptions = await fleet.open([watcher])
    await caughtUp(subscriptions)
    severity = "critical"
    await subscriptions.replay("watcher", 0 as Position)
    await caughtUp(subscriptions)
    expect(watcher.asked).toStrictEqual([1, 1])
    expect((await alerts(fleet.ledger, "moody")).map(({ data }) => data.severity)).toStrictEqual(["warning"])
    expect(await causes(fleet.ledger)).toStrictEqual([1])
  })
})

describe("an event that cannot be handled", () => {
  it("is tried a few times, waiting longer each time, then set aside with an alert; the others are handled once", async () => {
    const fleet = await world(6)
    const watcher = new Watcher()
    watcher.refuses.add(3)
    const subscriptions = await fleet.open([watcher])
    await caughtUp(subscriptions)
    expect(watcher.asked).toStrictEqual([1, 2, 3, 3, 3, 4, 5, 6])
    expect(fleet.timings.waits).toStrictEqual([50, 100])
    expect(await causes(fleet.ledger)).toStrictEqual([1, 2, 4, 5, 6])
    expect(await letters(fleet)).toMatchObject([
      { handler: "watcher", position: 3, message: "no 3", attempts: 3, at: fleet.clock.now() },
    ])
    const [letter] = await letters(fleet)
    expect(await alerts(fleet.ledger, "dead-letter")).toMatchObject([
      {
        stream: `alert-${letter?.id}`,
        data: {
          title: "watcher could not handle TargetChanged at position 3: no 3",
          about: { kind: "subscription", name: "watcher" },
          cause: 3,
        },
      },
    ])
    expect(await accountOf(subscriptions)).toMatchObject({ state: "active", lag: 0, deadLetters: 1, message: null })
  })

  it("is no dead letter if it can be handled before the last attempt", async () => {
    const fleet = await world(2)
    const watcher = new Watcher()
    watcher.refuses.add(1)
    fleet.timings.onWait = async () => void (fleet.timings.waits.length === 2 && watcher.refuses.clear())
    await caughtUp(await fleet.open([watcher]))
    expect(watcher.asked).toStrictEqual([1, 1, 1, 2])
    expect(await letters(fleet)).toStrictEqual([])
    expect(await causes(fleet.ledger)).toStrictEqual([1, 2])
  })

  it("of one handler is no trouble to another", async () => {
    const fleet = await world(3)
    const watcher = new Watcher()
    for (const position of [1, 2, 3]) watcher.refuses.add(position)
    const other = Object.assign(new Watcher(), { name: "other" })
    const subscriptions = await fleet.open([watcher, other])
    await caughtUp(subscriptions, "other")
    await caughtUp(subscriptions)
    expect(other.asked).toStrictEqual([1, 2, 3])
    expect((await letters(fleet)).map(({ handler, position }) => `${handler} ${position}`)).toStrictEqual([
      "watcher 1",
      "watcher 2",
      "watcher 3",
    ])
  })

  it("does not go round in circles when it is the alert of a dead letter itself", async () => {
    const fleet = await world(1)
    const choking: Handler = {
      name: "choking",
      types: ["TargetChanged", "AlertRaised"],
      handle: () => Promise.reject(new Error("no")),
    }
    await caughtUp(await fleet.open([choking]), "choking")
    expect(await causes(fleet.ledger, "dead-letter")).toStrictEqual([1])
    expect((await letters(fleet)).map(({ position }) => position)).toStrictEqual([1, 2])
  })

  it("has no part in an outage of a store: the handler stops there, and goes on when it is resumed", async () => {
    const fleet = await world(3)
    const watcher = new Watcher()
    watcher.before = async ({ position }) => {
      if (position === 2) throw new FleetError("StoreUnavailable", "the disk is full")
    }
    const subscriptions = await fleet.open([watcher])
    await inState(subscriptions, "failed")
    expect(await accountOf(subscriptions)).toMatchObject({
      position: 1,
      message: "stopped after position 1: the disk is full",
      deadLetters: 0,
    })
    watcher.before = async () => {}
    await subscriptions.resume("watcher")
    await caughtUp(subscriptions)
    expect(watcher.asked).toStrictEqual([1, 2, 2, 2, 2, 3])
    expect(await causes(fleet.ledger)).toStrictEqual([1, 2, 3])
  })
})

describe("a dead letter", () => {
  async function withLetter() {
    const fleet = await world(2)
    const watcher = new Watcher()
    watcher.refuses.add(1)
    const subscriptions = await fleet.open([watcher])
    await caughtUp(subscriptions)
    const [letter] = await letters(fleet)
    if (letter === undefined) throw new Error("no letter")
    return { fleet, watcher, subscriptions, letter }
  }

  it("is gone once its event is handled, which then counts once", async () => {
    const { fleet, watcher, subscriptions, letter } = await withLetter()
    watcher.refuses.clear()
    expect(await subscriptions.retry(letter.id, forever)).toStrictEqual({ ...letter, outcome: "handled" })
    expect(await letters(fleet)).toStrictEqual([])
    expect((await causes(fleet.ledger)).sort((a, b) => a - b)).toStrictEqual([1, 2])
    expect((await refusalOf(() => subscriptions.retry(letter.id, forever))).code).toBe("NotFound")
  })

  it("stays when its event fails again, which adds to its attempts and raises no second alert", async () => {
    const { fleet, subscriptions, letter } = await withLetter()
    fleet.clock.advance(1_000)
    const again = { ...letter, attempts: 4, at: fleet.clock.now() }
    expect(await subscriptions.retry(letter.id, forever)).toStrictEqual({ ...again, outcome: "failed" })
    await subscriptions.replay("watcher", 0 as Position)
    await caughtUp(subscriptions)
    expect(await letters(fleet)).toStrictEqual([{ ...again, attempts: 7 }])
    expect(await causes(fleet.ledger, "dead-letter")).toStrictEqual([1])
  })

  it("is gone when a replay handles its event", async () => {
    const { fleet, watcher, subscriptions } = await withLetter()
    watcher.refuses.clear()
    await subscriptions.replay("watcher", 0 as Position)
    await caughtUp(subscriptions)
    expect(await letters(fleet)).toStrictEqual([])
  })

  it("of a handler that is here no more is not retried", async () => {
    const { fleet, subscriptions, letter } = await withLetter()
    await subscriptions.stop()
    const without = await fleet.open([])
    expect((await refusalOf(() => without.retry(letter.id, forever))).message).toBe(
      'no subscription is called "watcher"; there is views',
    )
  })

  it("is tried alone: not while the handler is at another event", async () => {
    const { fleet, watcher, subscriptions, letter } = await withLetter()
    const { opened, open } = gate()
    watcher.before = () => opened
    await fleet.ledger.append(one, 2, changes(1), "live")
    await until(() => watcher.asked.length === 5)
    const retried = subscriptions.retry(letter.id, forever)
    await fleet.ledger.append(one, 3, changes(1), "live")
    expect(watcher.asked).toHaveLength(5)
    open()
    await retried
    expect(watcher.asked[5]).toBe(1)
  })
})

describe("a handler that is paused", () => {
  it("handles nothing, also after a restart, until it is resumed: then everything, once", async () => {
    const fleet = await world(2)
    const watcher = new Watcher()
    const before = await fleet.open([watcher])
    await caughtUp(before)
    expect(await before.pause("watcher")).toMatchObject({ state: "paused", lag: 0 })
    await fleet.ledger.append(one, 2, changes(3), "live")
    await fleet.views.reached((await fleet.ledger.head()).position, 10_000)
    expect(await accountOf(before)).toMatchObject({ state: "paused", lag: 3 })
    await before.stop()

    const after = await fleet.open([watcher])
    expect(await accountOf(after)).toMatchObject({ state: "paused", lag: 3 })
    expect(watcher.asked).toStrictEqual([1, 2])
    expect((await after.resume("watcher")).state).toBe("booting")
    await caughtUp(after)
    expect(await causes(fleet.ledger)).toStrictEqual(watcher.asked)
    await after.stop()
    expect((await accountOf(await fleet.open([watcher]))).state).not.toBe("paused")
  })

  it("is paused and resumed any number of times, whatever is at hand, and misses nothing", async () => {
    const fleet = await world(40)
    const watcher = new Watcher()
    const subscriptions = await fleet.open([watcher])
    for (let turn = 0; turn < 10; turn++) {
      await Promise.all([subscriptions.pause("watcher"), subscriptions.resume("watcher")])
      await until(() => watcher.asked.length > turn)
    }
    await caughtUp(subscriptions)
    expect(watcher.asked).toStrictEqual(upTo(40, 1))
    expect(await causes(fleet.ledger)).toStrictEqual(upTo(40, 1))
  })
})

describe("a replay", () => {
  it("handles again from the position on, and raises nothing twice", async () => {
    const fleet = await world(5)
    const watcher = new Watcher()
    const subscriptions = await fleet.open([watcher])
    await caughtUp(subscriptions)
    await subscriptions.replay("watcher", 4 as Position)
    await caughtUp(subscriptions)
    expect(watcher.asked).toStrictEqual([1, 2, 3, 4, 5, 4, 5])
    expect(await causes(fleet.ledger)).toStrictEqual([1, 2, 3, 4, 5])
  })

  it("of a paused handler waits with it", async () => {
    const fleet = await world(2)
    const subscriptions = await fleet.open([new Watcher()])
    await caughtUp(subscriptions)
    await subscriptions.pause("watcher")
    expect(await subscriptions.replay("watcher", 1 as Position)).toMatchObject({ state: "paused", position: 0 })
  })

  it("never skips what was not handled yet", async () => {
    const fleet = await world(2)
    const subscriptions = await fleet.open([new Watcher()])
    await caughtUp(subscriptions)
    const { position } = await accountOf(subscriptions)
    const refused = await refusalOf(() => subscriptions.replay("watcher", (position + 1) as Position))
    expect(refused).toMatchObject({ code: "InvalidInput" })
    expect(refused.message).toContain(`has come to position ${position}`)
    await caughtUp(subscriptions)
  })
})

describe("the views among the subscriptions", () => {
  it("come first, and are neither paused nor replayed", async () => {
    const fleet = await world(1)
    const subscriptions = await fleet.open([new Watcher()])
    expect((await subscriptions.list()).map(({ name, kind }) => `${kind} ${name}`)).toStrictEqual([
      "views views",
      "handler watcher",
    ])
    expect((await refusalOf(() => subscriptions.pause("views"))).message).toContain("never paused")
    const refused = await refusalOf(() => subscriptions.replay("views", 0 as Position))
    expect(refused).toMatchObject({ code: "InvalidInput" })
    expect(refused.message).toContain("fleet-ledger rebuild")
    expect((await refusalOf(() => subscriptions.resume("nobody"))).message).toBe(
      'no subscription is called "nobody"; there is views, watcher',
    )
  })
})

describe("a worker", () => {
  it("that is a stale one is refused its checkpoint, and what it did counts once all the same", async () => {
    const fleet = await world(3)
    const stale = new Watcher()
    const { opened, open } = gate()
    stale.before = () => opened
    const former = await fleet.open([stale])
    await until(() => stale.asked.length === 1)
    const present = await fleet.open([new Watcher()])
    await caughtUp(present)
    open()
    await inState(former, "failed")
    expect((await accountOf(former)).message).toContain("moved on by somebody else")
    expect(await causes(fleet.ledger)).toStrictEqual([1, 2, 3])
    expect(stale.asked).toStrictEqual([1])
  })

  it("handles while it is its turn, and goes on where the one before it stopped", async () => {
    const fleet = await world(2)
    let turn = "a"
    const listeners = new Set<() => void>()
    const workerOf = (name: string): Worker => ({
      isWorker: () => turn === name,
      onChange: (changed) => {
        listeners.add(changed)
        return () => listeners.delete(changed)
      },
    })
    const [first, second] = [new Watcher(), new Watcher()]
    const a = await fleet.open([first], workerOf("a"))
    const b = await fleet.open([second], workerOf("b"))
    await caughtUp(a)
    expect((await accountOf(b)).state).toBe("new")
    expect((await refusalOf(() => b.replay("watcher", 0 as Position))).code).toBe("AlreadyRunning")
    turn = "b"
    for (const changed of listeners) changed()
    await inState(a, "new")
    await fleet.ledger.append(one, 2, changes(2), "live")
    await caughtUp(b)
    expect(first.asked).toStrictEqual([1, 2])
    expect(second.asked).toStrictEqual((await causes(fleet.ledger)).slice(2))
    await b.stop()
    expect(listeners.size).toBe(1)
  })
})

describe("stopping", () => {
  it("finishes the event at hand and takes no other", async () => {
    const fleet = await world(3)
    const watcher = new Watcher()
    const { opened, open } = gate()
    watcher.before = () => opened
    const subscriptions = await fleet.open([watcher])
    await until(() => watcher.asked.length === 1)
    const stopped = subscriptions.stop()
    open()
    await stopped
    expect(await accountOf(subscriptions)).toMatchObject({ state: "stopped", position: 1, message: null })
    expect(watcher.asked).toStrictEqual([1])
    expect(subscriptions.unfinished()).toStrictEqual([])
  })

  it("waits a bounded time for it, then leaves it and says so; it is handled next time", async () => {
    const fleet = await world(2)
    const watcher = new Watcher()
    watcher.before = () => new Promise(() => {})
    const subscriptions = await fleet.open([watcher])
    await until(() => watcher.asked.length === 1)
    const stopped = subscriptions.stop()
    await until(() => (fleet.timings.losePatience(), subscriptions.unfinished().length > 0))
    await stopped
    expect(subscriptions.unfinished()).toStrictEqual([
      "watcher: what is behind position -1 was not done within 10 s and was left",
    ])
    watcher.before = async () => {}
    await caughtUp(await fleet.open([watcher]))
    expect(watcher.asked).toStrictEqual([1, 1, 2])
  })

  it("tells the handler, and what that breaks off is no failure of the event", async () => {
    const fleet = await world(1)
    const watcher = new Watcher()
    watcher.before = (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("broken off"))))
    const subscriptions = await fleet.open([watcher])
    await until(() => watcher.asked.length === 1)
    await subscriptions.stop()
    expect(await accountOf(subscriptions)).toMatchObject({ state: "stopped", position: -1, deadLetters: 0 })
    expect(fleet.timings.waits).toStrictEqual([])
  })

  it("does not wait until a failed event is tried again", async () => {
    const fleet = await world(1)
    const watcher = new Watcher()
    watcher.refuses.add(1)
    fleet.timings.onWait = () => new Promise(() => {})
    const subscriptions = await fleet.open([watcher])
    await until(() => fleet.timings.waits.length === 1)
    await subscriptions.stop()
    expect(await accountOf(subscriptions)).toMatchObject({ state: "stopped", position: -1, deadLetters: 0 })
    expect(subscriptions.unfinished()).toStrictEqual([])
  })
})

describe("a ledger that was restored from a backup", () => {
  it("is handled from its end on; letters about what it lost are gone", async () => {
    const fleet = await world(3)
    const { ops } = fleet
    await ops.checkpoints.enrol("watcher")
    await ops.checkpoints.move("watcher", origin, 90 as Position)
    const id = "5f0cbb0e-5c1c-4d35-8b5f-0a4f4f9d0201"
    const [position, at] = [80 as Position, fleet.clock.now()]
    await ops.deadLetters.park({ id, handler: "watcher", position, message: "no", attempts: 3, at })
    const watcher = new Watcher()
    const subscriptions = await fleet.open([watcher])
    await fleet.ledger.append(one, 3, changes(1), "after it")
    await caughtUp(subscriptions)
    expect(watcher.asked).toStrictEqual([4])
    expect(await letters(fleet)).toStrictEqual([])
  })
})

describe("names", () => {
  it.each([["views"], ["Watcher"], ["a\nb"], [""], ["a--b"]])("like %j are refused at once", async (name) => {
    const fleet = await world()
    await expect(fleet.open([Object.assign(new Watcher(), { name })])).rejects.toThrow(/^bug: /)
  })
})
