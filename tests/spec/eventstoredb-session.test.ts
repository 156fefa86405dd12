/** One subscription, with the cluster's part in the test's hand: what is copied of it, when the copy has caught up, and what ends it. */
import { Copy } from "#ledger/eventstoredb/copy.js"
import { Session } from "#ledger/eventstoredb/session.js"
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
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

const { callMs, silenceMs } = defaultTimings

/** A session on a copy, and what it tells; that all is copied it may say more than once. */
function sessionOn(script: Script, copy: Copy) {
  const [time, told] = [new TestTime(), [] as string[]]
  const tells = (what: string) => () => void told.push(what)
  const ports = {
    cluster: script.cluster,
    copy,
    file: "copy.db",
    streams,
    timings: { ...defaultTimings, sleep: time.sleep },
  }
  const session = new Session(ports, {
    confirmed: tells("confirmed"),
    copied: tells("copied"),
    caughtUp: () => void (told.at(-1) === "caught up" || told.push("caught up")),
    leaseMoved: tells("lease moved"),
  })
  return { time, told, session }
}

/** One that follows. */
async function begun(script: Script, copy = new Copy(":memory:")) {
  const { time, told, session } = sessionOn(script, copy)
  const left = new AbortController()
  onTestFinished(() => left.abort())
  const running = session.run(left.signal)
  running.catch(() => {})
  await until(() => script.subscription !== undefined)
  const subscription = script.subscription as Subscription
  return { copy, time, left, told, running, subscription, listener: subscription.listener }
}

describe("what comes", () => {
  it("is copied together as it comes, and told of once", async () => {
    const script = new Script(at(102))
    const { copy, told, listener, subscription } = await begun(script)
    listener.confirmed()
    subscription.send(event(0), event(1), event(2))
    await settled()
    expect(copy.revisionOf(target)).toBe(2)
    expect(copy.place()).toStrictEqual(at(102))
    expect(told).toStrictEqual(["confirmed", "copied", "caught up"])
    subscription.send(event(3))
    await settled()
    expect(told).toStrictEqual(["confirmed", "copied", "caught up", "copied", "caught up"])
  })

  it("is copied a few hundred at a time, before all of it has come", async () => {
    const script = new Script(at(10_000))
    const many = Array.from({ length: 600 }, (_, i) => event(i))
    const { copy, told, subscription } = await begun(script)
    subscription.send(...many)
    await until(() => copy.revisionOf(target) === 599)
    await settled()
    expect(told).toStrictEqual(["copied", "copied", "copied"])
  })

  it("and is there already is passed over without a word", async () => {
    const script = new Script(at(101))
    const { told, subscription } = await begun(script)
    const ofOneCommit = event(1, { place: { commit: 100n, prepare: 101n } })
    for (const one of [event(0), event(0), ofOneCommit, ofOneCommit, event(0)]) {
      subscription.send(one)
      await settled()
    }
    expect(told).toStrictEqual(["copied", "copied"])
  })

  it("of the lease is no event of the ledger, and neither are metadata", async () => {
    const script = new Script(undefined)
    const { copy, told, subscription } = await begun(script)
    subscription.send(event(0, { stream: streams.lease }), event(0, { stream: `$$${name}`, data: { $acl: {} } }))
    await settled()
    expect(told).toStrictEqual(["lease moved"])
    expect(copy.last()).toBeUndefined()
  })

  it.each([
    [
      "that the stream was deleted",
      { type: "$streamDeleted" },
      `the stream ${name} of the ledger was deleted in EventStoreDB`,
    ],
    ["no place", { place: undefined }, `an event of ${name} came without its position`],
    ["none of our words", { metadata: {} }, expect.stringContaining("was not written by fleet-ledger")],
  ])("and says %s ends it, with what was copied before", async (_, more, message) => {
    const script = new Script(at(101))
    const { copy, running, subscription } = await begun(script)
    subscription.send(event(0))
    await settled()
    subscription.send(event(1, more))
    const error = await refusalOf(() => running)
    expect([error.code, error.message]).toStrictEqual(["StoreDamaged", message])
    expect([copy.revisionOf(target), subscription.isClosed]).toStrictEqual([0, true])
  })
})

describe("the copy has caught up", () => {
  it("at once where nothing is in the log", async () => {
    const { told, listener } = await begun(new Script(undefined))
    await settled()
    expect(told).toStrictEqual([])
    listener.confirmed()
    await settled()
    expect(told).toStrictEqual(["confirmed", "caught up"])
  })

  it("where the cluster says so, and not before what it sent by then is copied", async () => {
    const script = new Script(at(5_000))
    const { told, listener, subscription } = await begun(script)
    listener.confirmed()
    await settled()
    expect(told).toStrictEqual(["confirmed"])
    subscription.send(event(0), event(1))
    listener.caughtUp()
    await settled()
    expect(told).toStrictEqual(["confirmed", "copied", "caught up"])
  })

  it("where everything up to the end of the log was looked through, and no earlier", async () => {
    const { told, listener } = await begun(new Script(at(500)))
    listener.lookedThrough(499n)
    await settled()
    expect(told).toStrictEqual([])
    listener.lookedThrough(500n)
    await settled()
    expect(told).toStrictEqual(["caught up"])
  })

  it("where the last event of then is copied, and no earlier", async () => {
    const script = new Script(at(101))
    const { told, subscription } = await begun(script)
    subscription.send(event(0))
    await settled()
    expect(told).toStrictEqual(["copied"])
    subscription.send(event(1))
    await settled()
    expect(told).toStrictEqual(["copied", "copied", "caught up"])
  })
})

describe("a session ends", () => {
  it("where nobody confirms it in time, saying so", async () => {
    const script = new Script(at(100))
    const { time, running, subscription } = await begun(script)
    await until(() => time.isWaitedFor(callMs))
    time.advance(callMs)
    const error = await refusalOf(() => running)
    expect([error.code, error.message]).toStrictEqual([
      "StoreUnavailable",
      `EventStoreDB at a:2113 did not answer within ${callMs} ms`,
    ])
    expect(subscription.isClosed).toBe(true)
  })

  it("without an error after a while of silence, which every sign of life puts off", async () => {
    const script = new Script(at(100))
    const { time, running, listener, subscription } = await begun(script)
    await until(() => time.isWaitedFor(callMs))
    listener.confirmed()
    time.advance(callMs)
    for (const heard of [0, 1, 2]) {
      await until(() => time.isWaitedFor(silenceMs))
      expect([heard, subscription.isClosed]).toStrictEqual([heard, false])
      listener.heard()
      time.advance(silenceMs)
      await settled()
    }
    await until(() => time.isWaitedFor(silenceMs))
    time.advance(silenceMs)
    await running
    expect(subscription.isClosed).toBe(true)
  })

  it("when it is left, and copies nothing that comes behind", async () => {
    const script = new Script(at(100))
    const { copy, told, left, time, running, listener, subscription } = await begun(script)
    listener.confirmed()
    subscription.send(event(0))
    await until(() => !subscription.hasMore)
    left.abort()
    await running
    expect([copy.last(), subscription.isClosed, time.isWaitedFor(callMs)]).toStrictEqual([undefined, true, false])
    expect(told).toStrictEqual(["confirmed"])
  })

  it("before it asks for anything where it was left by then", async () => {
    const script = new Script(at(100))
    await sessionOn(script, new Copy(":memory:")).session.run(AbortSignal.abort())
    expect(script.subscription).toBeUndefined()
  })
})

describe("metadata that would make events vanish", () => {
  it.each(["$maxAge", "$maxCount", "$tb"])("end it where they hold: %s", async (limit) => {
    const script = new Script(at(100))
    const { running, subscription } = await begun(script)
    script.limits = [limit]
    subscription.send(event(0, { stream: `$$${name}`, data: { [limit]: 1 } }))
    const error = await refusalOf(() => running)
    expect(error).toMatchObject({ code: "StoreDamaged", details: { stream: name, limit } })
    expect(error.message).toContain(`the stream ${name} has ${limit} set in EventStoreDB`)
  })

  it.each([
    ["were set right since", name, { $maxAge: 1 }, []],
    ["are the lease's", streams.lease, { $maxCount: 1 }, ["$maxCount"]],
    ["say something else", name, { $acl: {} }, ["$maxAge"]],
    ["are a text", name, "$maxAge", ["$maxAge"]],
    ["are nothing", name, null, ["$maxAge"]],
  ])("do not where they %s", async (_, about, data, limits) => {
    const script = new Script(at(100))
    const { copy, subscription } = await begun(script)
    script.limits = limits
    subscription.send(event(0, { stream: `$$${about}`, data }), event(0))
    await settled()
    expect(copy.revisionOf(target)).toBe(0)
  })
})

describe("a copy that has events", () => {
  async function copied(): Promise<Copy> {
    const copy = new Copy(":memory:")
    const script = new Script(at(101))
    const { left, running, subscription } = await begun(script, copy)
    subscription.send(event(0), event(1))
    await settled()
    left.abort()
    await running
    return copy
  }

  it.each([
    ["the same event", event(1)],
    ["the same event, of which an old server does not say where", event(1, { place: undefined })],
  ])("is followed on from its last one where the cluster has there %s", async (_, there) => {
    const copy = await copied()
    const script = new Script(at(102), there)
    const { told, subscription } = await begun(script, copy)
    expect(subscription.after).toStrictEqual(at(101))
    subscription.send(event(2))
    await settled()
    expect(told).toStrictEqual(["copied", "caught up"])
  })

  it.each([
    ["nothing", "is not there", undefined],
    ["another id", "is another one there", event(1, { id: event(2).id })],
    ["another salt", "is another one there", event(1, { metadata: event(2).metadata })],
    ["another place", "is another one there", event(1, { place: at(77) })],
  ])("is not where the cluster has there %s", async (_, what, there) => {
    const script = new Script(at(102), there)
    const { session } = sessionOn(script, await copied())
    const error = await refusalOf(() => session.run(new AbortController().signal))
    expect(error).toMatchObject({ code: "LedgerForked", details: { position: 1 } })
    expect(error.message).toContain(
      `copy.db is no copy of what is in EventStoreDB at a:2113: the event at position 1 ${what}`,
    )
    expect(script.subscription).toBeUndefined()
  })
})
