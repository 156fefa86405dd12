/** The EventStoreDB that other tests run against, driven by the client as it is published. */
import {
  AccessDeniedError,
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  BACKWARDS,
  END,
  EventStoreDBClient,
  MaxAppendSizeExceededError,
  NotLeaderError,
  type Position,
  StreamDeletedError,
  StreamNotFoundError,
  UnavailableError,
  WrongExpectedVersionError,
  jsonEvent,
  streamNameFilter,
} from "@eventstore/db-client"
import { describe, expect, it, onTestFinished } from "vitest"
import { type EventStoreOptions, type EventStoreServer, startEventStore } from "../support/eventstoredb/server.js"
import * as store from "../support/eventstoredb/store.js"
import { TestClock } from "../support/test-clock.js"
import { until } from "../support/until.js"

async function started(options: EventStoreOptions = {}): Promise<EventStoreServer> {
  const server = await startEventStore(options)
  onTestFinished(() => server.dispose())
  return server
}

function clientOf(connectionString: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(connectionString)
  onTestFinished(() => client.dispose())
  return client
}

async function connected(
  options: EventStoreOptions = {},
): Promise<{ server: EventStoreServer; client: EventStoreDBClient }> {
  const server = await started(options)
  return { server, client: clientOf(server.connectionString) }
}

const counted = (n: number) => jsonEvent({ type: "Counted", data: { n } })

async function numbers(events: AsyncIterable<{ event?: { data: unknown } }>): Promise<readonly unknown[]> {
  const found: unknown[] = []
  for await (const { event } of events) found.push(event?.data)
  return found
}

/** Keeps what a subscription brings, and its end. */
class Heard {
  readonly events: AllStreamResolvedEvent[] = []
  readonly checkpoints: Position[] = []
  error: unknown
  readonly subscription: AllStreamSubscription

  constructor(client: EventStoreDBClient, prefix: string, fromPosition: Position | "start" | "end" = "start") {
    const checkpointReached = (_: AllStreamSubscription, position: Position) => void this.checkpoints.push(position)
    const filter = streamNameFilter({
      prefixes: [prefix],
      maxSearchWindow: 2,
      checkpointInterval: 2,
      checkpointReached,
    })
    this.subscription = client.subscribeToAll({ fromPosition, filter })
    this.subscription.on("data", (event: AllStreamResolvedEvent) => this.events.push(event))
    this.subscription.on("error", (error) => (this.error = error))
  }

  get numbers(): readonly unknown[] {
    return this.events.map(({ event }) => event?.data)
  }
}

describe.each([
  { batchAppend: false, how: "one call each" },
  { batchAppend: true, how: "batches over one call" },
])("appending by $how", ({ batchAppend }) => {
  it("is what the client does", async () => {
    const { server, client } = await connected({ batchAppend })
    await client.appendToStream("a", counted(1))
    expect(server.open("appends")).toBe(batchAppend ? 1 : 0)
  })

  it("gives the last revision and its position", async () => {
    const { client } = await connected({ batchAppend })
    const appended = await client.appendToStream("a", [counted(1), counted(2)], { expectedRevision: "no_stream" })
    const last = client.readStream("a", { direction: BACKWARDS, fromRevision: END, maxCount: 1 })
    for await (const { event } of last) {
      expect(event).toMatchObject({ revision: 1n, data: { n: 2 }, position: appended.position })
    }
    expect(appended).toMatchObject({ success: true, nextExpectedRevision: 1n })
  })

  it("is refused with the actual revision, for each form of expecting one", async () => {
    const { client } = await connected({ batchAppend })
    await client.appendToStream("there", [counted(1), counted(2)])
    const refusals = [
      ["there", "no_stream", 1n],
      ["there", 0n, 1n],
      ["there", 7n, 1n],
      ["absent", 0n, "no_stream"],
      ["absent", "stream_exists", "no_stream"],
    ] as const
    for (const [stream, expectedRevision, actualVersion] of refusals) {
      const refused = client.appendToStream(stream, counted(3), { expectedRevision })
      await expect(refused).rejects.toThrow(WrongExpectedVersionError)
      await expect(refused).rejects.toMatchObject({
        streamName: stream,
        actualVersion,
        expectedVersion: expectedRevision,
      })
    }
    await client.appendToStream("there", counted(3), { expectedRevision: 1n })
    await client.appendToStream("there", counted(4), { expectedRevision: "stream_exists" })
    await client.appendToStream("there", counted(5), { expectedRevision: "any" })
    expect(await numbers(client.readStream("there"))).toEqual([1, 2, 3, 4, 5].map((n) => ({ n })))
  })

  it("twice at the same revision with the same ids is once, with the same answer", async () => {
    const { client } = await connected({ batchAppend })
    const events = [counted(1), counted(2)]
    const first = await client.appendToStream("a", events, { expectedRevision: "no_stream" })
    await client.appendToStream("a", counted(3), { expectedRevision: 1n })
    expect(await client.appendToStream("a", events, { expectedRevision: "no_stream" })).toEqual(first)
    expect(await client.appendToStream("a", events, { expectedRevision: "any" })).toEqual(first)
    expect(await numbers(client.readStream("a"))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  it("of ids that are partly there is refused, and of old ones at the current revision is written again", async () => {
    const { client } = await connected({ batchAppend })
    const old = counted(1)
    await client.appendToStream("a", old, { expectedRevision: "no_stream" })
    const overlapping = client.appendToStream("a", [old, counted(2)], { expectedRevision: "no_stream" })
    await expect(overlapping).rejects.toMatchObject({ actualVersion: 0n })
    await client.appendToStream("a", old, { expectedRevision: 0n })
    expect(await numbers(client.readStream("a"))).toEqual([{ n: 1 }, { n: 1 }])
  })

  it("of too much is refused as a whole", async () => {
    const { client } = await connected({ batchAppend })
    const large = jsonEvent({ type: "Large", data: "x".repeat(1024 * 1024) })
    const refused = client.appendToStream("a", [counted(1), large])
    await expect(refused).rejects.toThrow(MaxAppendSizeExceededError)
    await expect(refused).rejects.toMatchObject({ maxAppendSize: 1024 * 1024 })
    await expect(numbers(client.readStream("a"))).rejects.toThrow(StreamNotFoundError)
  })

  it("to a stream that is gone for good is refused", async () => {
    const { server, client } = await connected({ batchAppend })
    server.append("a", store.jsonEvent("Counted", { n: 1 }))
    server.store.tombstone("a")
    await expect(client.appendToStream("a", counted(2))).rejects.toThrow(StreamDeletedError)
    await expect(numbers(client.readStream("a"))).rejects.toThrow(StreamDeletedError)
  })

  it("and losing the answer leaves one copy when it is tried again", async () => {
    const { server, client } = await connected({ batchAppend })
    const events = [counted(1), counted(2)]
    server.faults.commitThenDrop()
    const append = () => client.appendToStream("a", events, { expectedRevision: "no_stream" })
    await expect(append()).rejects.toThrow(UnavailableError)
    expect(await append()).toMatchObject({ success: true, nextExpectedRevision: 1n })
    expect(await numbers(client.readStream("a"))).toEqual([{ n: 1 }, { n: 2 }])
  })

  it("to a follower says who leads, and the client goes there by itself", async () => {
    const { server, client } = await connected({ batchAppend })
    const leader = await started({ batchAppend, store: server.store })
    server.faults.followLeader(leader.endpoint)
    const refused = client.appendToStream("a", counted(1))
    await expect(refused).rejects.toThrow(NotLeaderError)
    await expect(refused).rejects.toMatchObject({ leader: leader.endpoint })
    await server.stop()
    await client.appendToStream("a", counted(1))
    expect(await numbers(client.readStream("a"))).toEqual([{ n: 1 }])
  })

  it("to a silent server is neither answered nor carried out, not even when it speaks again", async () => {
    const { server, client } = await connected({ batchAppend })
    await client.appendToStream("a", counted(1))
    server.faults.silence("appends")
    client.appendToStream("a", counted(2)).catch(() => {})
    await until(() => server.faults.ignored === 1)
    server.faults.heal()
    await client.appendToStream("a", counted(3))
    expect(await numbers(client.readStream("a"))).toEqual([{ n: 1 }, { n: 3 }])
  })

  it("to a slow server is written before it is answered", async () => {
    const { server, client } = await connected({ batchAppend })
    await client.appendToStream("a", counted(1))
    server.faults.slow(40)
    const from = performance.now()
    const answer = client.appendToStream("a", counted(2))
    await until(() => server.store.stream("a").length === 2)
    await answer
    expect(performance.now() - from).toBeGreaterThan(35)
  })
})

describe("reading", () => {
  it("goes either way through a stream, from a revision on and including it", async () => {
    const { client } = await connected()
    await client.appendToStream("a", [1, 2, 3, 4].map(counted))
    const read = (options: Parameters<EventStoreDBClient["readStream"]>[1]) => numbers(client.readStream("a", options))
    expect(await read({ fromRevision: 1n, maxCount: 2 })).toEqual([{ n: 2 }, { n: 3 }])
    expect(await read({ direction: BACKWARDS, fromRevision: 1n })).toEqual([{ n: 2 }, { n: 1 }])
    expect(await read({ direction: BACKWARDS, fromRevision: END, maxCount: 1 })).toEqual([{ n: 4 }])
    expect(await read({ fromRevision: 9n })).toEqual([])
  })

  it("finds in $all what other clients and the server itself have written, at positions with gaps", async () => {
    const { server, client } = await connected()
    server.append("b", store.jsonEvent("Foreign", 1))
    await client.appendToStream("a", counted(1))
    const all: AllStreamResolvedEvent[] = []
    for await (const event of client.readAll()) all.push(event)
    expect(all.map(({ event }) => event?.streamId)).toEqual(["$users", "b", "a"])
    const positions = all.map(({ event }) => event?.position)
    expect(positions.map((position) => position?.commit)).toEqual(positions.map((position) => position?.prepare))
    expect(Number(positions[2]?.commit) - Number(positions[1]?.commit)).toBeGreaterThan(1)
  })

  it("takes a position of $all as included forwards and excluded backwards", async () => {
    const { client } = await connected()
    await client.appendToStream("a", counted(1))
    const { position } = await client.appendToStream("a", counted(2))
    await client.appendToStream("a", counted(3))
    const from = { fromPosition: position ?? "start", maxCount: 1 } as const
    expect(await numbers(client.readAll(from))).toEqual([{ n: 2 }])
    expect(await numbers(client.readAll({ ...from, direction: BACKWARDS }))).toEqual([{ n: 1 }])
  })

  it("gives back text, metadata, id and time as they were", async () => {
    const { server, client } = await connected({ store: new store.Store(new TestClock("2026-11-23T14:00:00.123Z")) })
    const data = JSON.parse('{"__proto__":{"a":1},"":"","ä€😀":[null,9007199254740993,-0.0,1e-7]}')
    const given = jsonEvent({ type: "Typé", data, metadata: { salt: "ß" } })
    await client.appendToStream("ström-1", given)
    for await (const { event } of client.readStream("ström-1")) {
      expect(event).toMatchObject({
        id: given.id,
        type: "Typé",
        metadata: { salt: "ß" },
        isJson: true,
        streamId: "ström-1",
      })
      expect(JSON.stringify(event?.data)).toBe(JSON.stringify(data))
      expect(event?.created).toEqual(new Date("2026-11-23T14:00:00.123Z"))
    }
    expect(server.store.stream("ström-1")).toHaveLength(1)
  })

  it("says of a stream that is not there that it is not", async () => {
    const { client } = await connected()
    await expect(numbers(client.readStream("nowhere"))).rejects.toThrow(StreamNotFoundError)
    expect(await client.getStreamMetadata("nowhere")).toEqual({ streamName: "nowhere" })
  })

  it("does not see what the stream's metadata has let go of, and $all does until it is scavenged", async () => {
    const clock = new TestClock()
    const { server, client } = await connected({ store: new store.Store(clock) })
    for (const stream of ["counted", "aged", "truncated", "deleted"]) {
      await client.appendToStream(stream, [counted(1), counted(2)])
    }
    clock.advance(10_000)
    for (const stream of ["counted", "aged", "truncated", "deleted"]) await client.appendToStream(stream, counted(3))
    await client.setStreamMetadata("counted", { maxCount: 2 })
    await client.setStreamMetadata("aged", { maxAge: 5 })
    server.store.setMetadata("truncated", { $tb: 1 })
    server.store.delete("deleted")
    expect(await numbers(client.readStream("counted"))).toEqual([{ n: 2 }, { n: 3 }])
    expect(await numbers(client.readStream("aged"))).toEqual([{ n: 3 }])
    expect(await numbers(client.readStream("truncated"))).toEqual([{ n: 2 }, { n: 3 }])
    await expect(numbers(client.readStream("deleted"))).rejects.toThrow(StreamNotFoundError)
    expect(await client.getStreamMetadata("counted")).toMatchObject({ metadata: { maxCount: 2 } })
    const left = () => server.store.all.filter(({ type }) => type === "Counted").length
    expect(left()).toBe(12)
    server.store.scavenge()
    expect(left()).toBe(6)
    await client.appendToStream("deleted", counted(4), { expectedRevision: "no_stream" })
    expect(await numbers(client.readStream("deleted"))).toEqual([{ n: 4 }])
  })

  it("leaves a call open that was not cancelled", async () => {
    const { server, client } = await connected()
    server.append("a", ...Array.from({ length: 200 }, (_, n) => store.jsonEvent("Counted", "x".repeat(1000 + n))))
    const reading = client.readStream("a", {}, { highWaterMark: 1 })
    for await (const { event } of reading) if (event) break
    expect(server.open("reads")).toBe(1)
    await reading.cancel()
    await until(() => server.open("reads") === 0)
  })

  it("can be silent, and can be dropped on the way", async () => {
    const { server, client } = await connected()
    await client.appendToStream("a", [1, 2, 3, 4].map(counted))
    server.faults.dropAfter(2, "reads")
    await expect(numbers(client.readStream("a"))).rejects.toThrow(UnavailableError)
    server.faults.heal()
    server.faults.silence("reads")
    const reading = client.readStream("a")
    await until(() => server.faults.ignored === 1)
    await reading.cancel()
    await until(() => server.open("reads") === 0)
  })
})

describe("a subscription to $all", () => {
  it("brings what is there and then what comes, filtered by the stream's name", async () => {
    const { server, client } = await connected()
    await client.appendToStream("a-1", [counted(1), counted(2)])
    await client.appendToStream("b-1", counted(9))
    const heard = new Heard(client, "a-")
    await until(() => heard.events.length === 2)
    await client.appendToStream("b-1", counted(9))
    await client.appendToStream("a-2", counted(3))
    await until(() => heard.events.length === 3)
    expect(heard.numbers).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    await heard.subscription.unsubscribe()
    await until(() => server.open("subscriptions") === 0)
  })

  it("starts behind a position, or behind everything", async () => {
    const { server, client } = await connected()
    const { position } = await client.appendToStream("a-1", counted(1))
    await client.appendToStream("a-1", counted(2))
    const behind = new Heard(client, "a-", position)
    const live = new Heard(client, "a-", "end")
    await until(() => server.open("subscriptions") === 2 && behind.events.length === 1)
    await client.appendToStream("a-1", counted(3))
    await until(() => behind.events.length === 2 && live.events.length === 1)
    expect([behind.numbers, live.numbers]).toEqual([[{ n: 2 }, { n: 3 }], [{ n: 3 }]])
  })

  it("is told how far it was looked: when it has caught up, and every so many events whether they pass or not", async () => {
    const { server, client } = await connected()
    server.append("a-1", store.jsonEvent("Counted", { n: 1 }))
    server.append("b-1", store.jsonEvent("Counted", { n: 2 }))
    const heard = new Heard(client, "a-")
    await until(() => heard.checkpoints.length === 1)
    server.append("b-1", ...Array.from({ length: 10 }, (_, n) => store.jsonEvent("Counted", { n })))
    await until(() => heard.checkpoints.length === 3)
    const places = [1, 6, 10].map((index) => server.store.all[index]?.position)
    expect(heard.checkpoints.map(({ commit }) => commit)).toEqual(places)
    expect(heard.numbers).toEqual([{ n: 1 }])
  })

  it("can be filtered by a pattern, and has everything without a filter", async () => {
    const { server, client } = await connected()
    server.append("a", store.jsonEvent("Counted", { n: 1 }))
    const found: string[] = []
    const listen = (subscription: AllStreamSubscription) =>
      subscription.on("data", ({ event }: AllStreamResolvedEvent) => found.push(event?.streamId ?? ""))
    listen(client.subscribeToAll({ filter: streamNameFilter({ regex: "^[^$]" }) }))
    await until(() => found.length === 1)
    listen(client.subscribeToAll())
    await until(() => found.length === 3)
    expect(found).toEqual(["a", "$users", "a"])
  })

  it("can fall silent, and go on where it was", async () => {
    const { server, client } = await connected()
    const heard = new Heard(client, "a-")
    await client.appendToStream("a-1", counted(1))
    await until(() => heard.events.length === 1)
    server.faults.silence("subscriptions")
    await client.appendToStream("a-1", [2, 3].map(counted))
    expect(await numbers(client.readStream("a-1"))).toHaveLength(3)
    expect(heard.events).toHaveLength(1)
    server.faults.heal()
    await until(() => heard.events.length === 3)
  })

  it("can be dropped at once, or after so many events, and resumed", async () => {
    const { server, client } = await connected()
    await client.appendToStream("a-1", [1, 2, 3].map(counted))
    server.faults.dropAfter(2, "subscriptions")
    const first = new Heard(client, "a-")
    await until(() => first.error !== undefined)
    expect(first.error).toBeInstanceOf(UnavailableError)
    expect(first.numbers).toEqual([{ n: 1 }, { n: 2 }])
    const second = new Heard(client, "a-", first.events.at(-1)?.event?.position)
    await until(() => second.events.length === 1)
    server.faults.drop("subscriptions")
    await until(() => second.error !== undefined)
    expect(server.open("subscriptions")).toBe(0)
  })
})

describe("who is let in", () => {
  it("needs the certificate", async () => {
    const { server, client } = await connected({ tls: true })
    await client.appendToStream("a", counted(1))
    expect(await numbers(client.readStream("a"))).toEqual([{ n: 1 }])
    const { address, port } = server.endpoint
    const stranger = clientOf(`esdb://${address}:${port}?tls=true`)
    await expect(numbers(stranger.readStream("a"))).rejects.toThrow(UnavailableError)
    const plain = clientOf(`esdb://${address}:${port}?tls=false`)
    await expect(numbers(plain.readStream("a"))).rejects.toThrow(UnavailableError)
  })

  it("needs the password", async () => {
    const user = { name: "ledger", password: "a:b@c/ä" }
    const { server, client } = await connected({ tls: true, user })
    await client.appendToStream("a", counted(1))
    expect(await numbers(client.readStream("a"))).toEqual([{ n: 1 }])
    const withoutLogin = server.connectionString.replace(/\/\/.*@/, "//")
    const strangers = [withoutLogin, withoutLogin.replace("//", "//ledger:wrong@")].map(clientOf)
    for (const stranger of strangers) {
      await expect(numbers(stranger.readStream("a"))).rejects.toThrow(AccessDeniedError)
      await expect(stranger.appendToStream("a", counted(2))).rejects.toThrow(AccessDeniedError)
    }
  })

  it("may ask who leads first", async () => {
    const follower = await started()
    const leader = await started({ store: follower.store })
    follower.faults.followLeader(leader.endpoint)
    const client = clientOf(follower.discoverConnectionString)
    await client.appendToStream("a", counted(1))
    await until(() => leader.open("appends") === 1)
    expect(follower.open("appends")).toBe(0)
  })
})

describe("a restart", () => {
  it("cuts every connection, and keeps what was written", async () => {
    const { server, client } = await connected()
    await client.appendToStream("a-1", counted(1))
    const heard = new Heard(client, "a-")
    await until(() => heard.events.length === 1)
    await server.stop()
    await until(() => heard.error !== undefined)
    await expect(numbers(client.readStream("a-1"))).rejects.toThrow(UnavailableError)
    await server.start()
    expect(await numbers(client.readStream("a-1"))).toEqual([{ n: 1 }])
  })
})
