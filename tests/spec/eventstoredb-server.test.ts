/** The EventStoreDB that tests run against, driven by the client as it is published. */
import {
  type AllStreamSubscription,
  EventStoreDBClient,
  WrongExpectedVersionError,
  jsonEvent,
} from "@eventstore/db-client"
import { describe, expect, it, onTestFinished } from "vitest"
import { collected } from "../support/collected.js"
import { type EventStoreOptions, type EventStoreServer, startEventStore } from "../support/eventstoredb/server.js"
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

const event = (n: number) => jsonEvent({ type: "Counted", data: { n } })

describe("an EventStoreDB of the tests' own", () => {
  it("gives back what was appended", async () => {
    const server = await started()
    const client = clientOf(server.connectionString)
    const appended = await client.appendToStream("a", [event(1), event(2)], { expectedRevision: "no_stream" })
    expect(appended).toMatchObject({ success: true, nextExpectedRevision: 1n })
    const read = await collected(client.readStream("a"))
    expect(read.map((found) => found.event?.data)).toEqual([{ n: 1 }, { n: 2 }])
    expect(server.open("reads")).toBe(0)
  })
  it("says at which revision the stream is", async () => {
    const server = await started()
    const client = clientOf(server.connectionString)
    const refused = client.appendToStream("a", event(1), { expectedRevision: 7n })
    await expect(refused).rejects.toThrow(WrongExpectedVersionError)
    await expect(refused).rejects.toMatchObject({ actualVersion: "no_stream", expectedVersion: 7n })
  })
  it("hands a subscription over from what was to what comes", async () => {
    const server = await started()
    const client = clientOf(server.connectionString)
    await client.appendToStream("a-1", [event(1), event(2)])
    await client.appendToStream("b-1", [event(2)])
    const seen: unknown[] = []
    const subscription: AllStreamSubscription = client.subscribeToAll({
      filter: { filterOn: "streamName", prefixes: ["a-"], checkpointInterval: 1 },
    })
    subscription.on("data", (e) => seen.push(e.event?.data))
    await until(() => seen.length === 2)
    await client.appendToStream("a-2", [event(3)])
    await until(() => seen.length === 3)
    await subscription.unsubscribe()
    await until(() => server.open("subscriptions") === 0)
  })
  it("stops and starts", async () => {
    const server = await started()
    const client = clientOf(server.connectionString)
    await client.appendToStream("a-1", [event(1), event(2)])
    await server.stop()
    await expect(client.appendToStream("a-1", [event(1), event(2)])).rejects.toThrow()
    await server.start()
    await client.appendToStream("a-1", [event(1), event(2)])
  })
})
