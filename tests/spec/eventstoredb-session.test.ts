/** One subscription, with the cluster's part in the test's hand: what is copied of it, when the copy has caught up, and what ends it. */
import { Copy } from "#ledger/eventstoredb/copy.js"
import type { Cluster, Listener } from "#ledger/eventstoredb/cluster.js"
import type { ClusterEvent, Place } from "#ledger/eventstoredb/envelope.js"
import { Session } from "#ledger/eventstoredb/session.js"
import { StreamNames, defaultPrefix } from "#ledger/eventstoredb/streams.js"
import { defaultTimings } from "#ledger/eventstoredb/timings.js"
import { Signal } from "#ledger/signal.js"
import { TestTime } from "#tests/contract/eventstoredb/test-time.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changed, metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

const { callMs, silenceMs } = defaultTimings
const streams = new StreamNames(defaultPrefix)
const name = streams.inCluster(stream("target-1"))

const at = (commit: number): Place => ({ commit: BigInt(commit), prepare: BigInt(commit) })

/** Number so many of a stream, at a place that is a hundred behind. */
function event(revision: number, more: Partial<ClusterEvent> = {}): ClusterEvent {
  const salt = Buffer.alloc(16, revision).toString("base64")
  return {
    stream: name,
    revision,
    id: `00000000-0000-4000-8000-00000000000${revision}`,
    type: "TargetChanged",
    data: changed(revision).data,
    metadata: { metadata, observedAt, recordedAt: observedAt, schemaVersion: 1, salt },
    place: at(100 + revision),
    ...more,
  }
}

class Script implements AsyncIterable<ClusterEvent> {
  readonly peer = { where: "a:2113", user: undefined }
  readonly #sent: ClusterEvent[] = []
  readonly #more = new Signal()
  readonly #closed = new AbortController()
  /** Where the log ends, and what is asked for one by one. */
  readonly end: () => Promise<Place | undefined>
  readonly eventAt: () => Promise<ClusterEvent | undefined>
  limits: readonly string[] = []
  listener: Listener | undefined
  after: Place | undefined

  constructor(end: Place | undefined, there?: ClusterEvent) {
    this.end = async () => end
    this.eventAt = async () => there
  }

  readonly limitsOf = async () => this.limits

  subscribe(_prefixes: readonly string[], after: Place | undefined, listener: Listener): this {
    this.after = after
    this.listener = listener
    return this
  }

  send(...events: readonly ClusterEvent[]): void {
    this.#sent.push(...events)
    this.#more.raise()
  }

  get hasMore(): boolean {
    return this.#sent.length > 0
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted
  }

  close(): void {
    this.#closed.abort()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ClusterEvent> {
    while (!this.isClosed) {
      const next = this.#sent.shift()
      if (next !== undefined) yield next
      else await this.#more.next(this.#closed.signal)
    }
  }
}

/** A session on a copy, and what it tells; that all is copied it may say more than once. */
function sessionOn(script: Script, copy: Copy) {
  const [time, told] = [new TestTime(), [] as string[]]
  const tells = (what: string) => () => void told.push(what)
  const ports = {
    cluster: script as unknown as Cluster,
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
  await until(() => script.listener !== undefined)
  return { copy, time, left, told, running, listener: script.listener as Listener }
}

/** Whatever is due has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe("what comes", () => {
  it("is copied together as it comes, and told of once", async () => {
    const script = new Script(at(102))
    const { copy, told, listener } = await begun(script)
    listener.confirmed()
    script.send(event(0), event(1), event(2))
    await settled()
    expect(copy.revisionOf(stream("target-1"))).toBe(2)
    expect(copy.place()).toStrictEqual(at(102))
    expect(told).toStrictEqual(["confirmed", "copied", "caught up"])
    script.send(event(3))
    await settled()
    expect(told).toStrictEqual(["confirmed", "copied", "caught up", "copied", "caught up"])
  })

  it("is copied a few hundred at a time, before all of it has come", async () => {
    const script = new Script(at(10_000))
    const many = Array.from({ length: 600 }, (_, i) => ({ ...event(i % 10), revision: i, place: at(100 + i) }))
    const { copy, told } = await begun(script)
    script.send(...many)
    await until(() => copy.revisionOf(stream("target-1")) === 599)
    await settled()
    expect(told).toStrictEqual(["copied", "copied", "copied"])
  })

  it("and is there already is passed over without a word", async () => {
    const script = new Script(at(101))
    const { told } = await begun(script)
    for (const _ of ["once", "again"]) {
      script.send(event(0))
      await settled()
    }
    expect(told).toStrictEqual(["copied"])
  })

  it("of the lease is no event of the ledger, and neither are metadata", async () => {
    const script = new Script(undefined)
    const { copy, told } = await begun(script)
    script.send(event(0, { stream: streams.lease }), event(0, { stream: `$$${name}`, data: { $acl: {} } }))
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
    const { copy, running } = await begun(script)
    script.send(event(0))
    await settled()
    script.send(event(1, more))
    const error = await refusalOf(() => running)
    expect([error.code, error.message]).toStrictEqual(["StoreDamaged", message])
    expect([copy.revisionOf(stream("target-1")), script.isClosed]).toStrictEqual([0, true])
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
    const { told, listener } = await begun(script)
    listener.confirmed()
    await settled()
    expect(told).toStrictEqual(["confirmed"])
    script.send(event(0), event(1))
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
    const { told } = await begun(script)
    script.send(event(0))
    await settled()
    expect(told).toStrictEqual(["copied"])
    script.send(event(1))
    await settled()
    expect(told).toStrictEqual(["copied", "copied", "caught up"])
  })
})

describe("a session ends", () => {
  it("where nobody confirms it in time, saying so", async () => {
    const script = new Script(at(100))
    const { time, running } = await begun(script)
    await until(() => time.isWaitedFor(callMs))
    time.advance(callMs)
    const error = await refusalOf(() => running)
    expect([error.code, error.message]).toStrictEqual([
      "StoreUnavailable",
      `EventStoreDB at a:2113 did not answer within ${callMs} ms`,
    ])
    expect(script.isClosed).toBe(true)
  })

  it("without an error after a while of silence, which every sign of life puts off", async () => {
    const script = new Script(at(100))
    const { time, running, listener } = await begun(script)
    await until(() => time.isWaitedFor(callMs))
    listener.confirmed()
    time.advance(callMs)
    for (const heard of [0, 1, 2]) {
      await until(() => time.isWaitedFor(silenceMs))
      expect([heard, script.isClosed]).toStrictEqual([heard, false])
      listener.heard()
      time.advance(silenceMs)
      await settled()
    }
    await until(() => time.isWaitedFor(silenceMs))
    time.advance(silenceMs)
    await running
    expect(script.isClosed).toBe(true)
  })

  it("when it is left, and copies nothing that comes behind", async () => {
    const script = new Script(at(100))
    const { copy, told, left, time, running, listener } = await begun(script)
    listener.confirmed()
    script.send(event(0))
    await until(() => !script.hasMore)
    left.abort()
    await running
    expect([copy.last(), script.isClosed, time.isWaitedFor(callMs)]).toStrictEqual([undefined, true, false])
    expect(told).toStrictEqual(["confirmed"])
  })

  it("before it asks for anything where it was left by then", async () => {
    const script = new Script(at(100))
    await sessionOn(script, new Copy(":memory:")).session.run(AbortSignal.abort())
    expect(script.listener).toBeUndefined()
  })
})

describe("metadata that would make events vanish", () => {
  it.each(["$maxAge", "$maxCount", "$tb"])("end it where they hold: %s", async (limit) => {
    const script = new Script(at(100))
    const { running } = await begun(script)
    script.limits = [limit]
    script.send(event(0, { stream: `$$${name}`, data: { [limit]: 1 } }))
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
    const { copy } = await begun(script)
    script.limits = limits
    script.send(event(0, { stream: `$$${about}`, data }), event(0))
    await settled()
    expect(copy.revisionOf(stream("target-1"))).toBe(0)
  })
})

describe("a copy that has events", () => {
  async function copied(): Promise<Copy> {
    const copy = new Copy(":memory:")
    const script = new Script(at(101))
    const { left, running } = await begun(script, copy)
    script.send(event(0), event(1))
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
    const { told } = await begun(script, copy)
    expect(script.after).toStrictEqual(at(101))
    script.send(event(2))
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
    expect(script.listener).toBeUndefined()
  })
})
