/** What was given up, or told before, is told after all: in order, under the same ids, and never so that what is over looks open. */
import { raise, resolve } from "#tests/support/alerts.js"
import { asker } from "#tests/support/asker.js"
import { type World, delivering, deliveringIn } from "#tests/support/delivering.js"
import { open } from "#tests/support/folder-fleet.js"
import { type Received, Receiver } from "#tests/support/receiver.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { VirtualTime } from "#tests/support/virtual-time.js"
import type { Position } from "#kernel/point.js"
import { describe, expect, it } from "vitest"

interface Body {
  readonly id: string
  readonly type: string
  readonly alerts: readonly { readonly delivery: string; readonly about: { readonly name: string } }[]
}

const bodyOf = ({ body }: Received) => JSON.parse(body) as Body
const told = (requests: readonly Received[]) =>
  requests
    .map(bodyOf)
    .map(({ type, alerts }) => `${type.slice("alert.".length)} ${alerts.map(({ about }) => about.name).join(",")}`)
const done = (world: World) => world.time.passes(() => world.isDone())
const at = (position: number) => position as Position

async function oneReceiver(channel: Record<string, unknown> = {}) {
  const receiver = await Receiver.start()
  const world = await delivering([{ url: receiver.url, ...channel }])
  return { receiver, world, ...world }
}

describe("a message that was given up", () => {
  it("is sent after all, under its id, and what comes later waits behind it", async () => {
    const { receiver, world, ledger } = await oneReceiver()
    receiver.manner = () => ({ status: 400 })
    await raise(ledger, "web-1")
    await done(world)
    const [letter] = await world.dead()
    receiver.manner = () => ({ status: 503 })
    expect(await world.delivery.retry(letter?.id ?? "")).toStrictEqual({ messages: 1, over: 0 })
    await world.time.passes(() => receiver.requests.length === 2)
    await resolve(ledger, "web-1")
    await world.time.passes(() => receiver.requests.length === 4, 1_000)
    receiver.manner = () => ({ status: 200 })
    await done(world)
    expect(told(receiver.taken)).toStrictEqual(["raised web-1", "resolved web-1"])
    expect(bodyOf(receiver.taken[0] as Received).id).toBe(letter?.id)
    expect(await world.dead()).toStrictEqual([])
  })

  it("leaves out alerts that are over by then; of the others it tells under another id", async () => {
    const { receiver, world, ledger } = await oneReceiver()
    receiver.manner = ({ body }) => ({ status: body.includes("alert.raised") ? 400 : 200 })
    for (const name of ["gone", "lasting"]) await raise(ledger, name)
    await raise(ledger, "alone", { rule: "other" })
    await done(world)
    for (const name of ["gone", "alone"]) await resolve(ledger, name)
    await done(world)
    receiver.manner = () => ({ status: 200 })
    const before = receiver.taken.length
    expect(await world.delivery.retryAll("c0")).toStrictEqual({ messages: 1, over: 2 })
    await done(world)
    expect(told(receiver.taken.slice(before))).toStrictEqual(["raised lasting"])
    expect(receiver.taken.at(-1)?.headers["webhook-id"]).not.toBe(receiver.requests[0]?.headers["webhook-id"])
    expect(await world.dead()).toStrictEqual([])
  })

  it("is forgotten after a month", async () => {
    const { receiver, world, ledger, time } = await oneReceiver()
    receiver.manner = () => ({ status: 400 })
    await raise(ledger, "web-1")
    await done(world)
    time.advance(31 * 86_400_000)
    await raise(ledger, "web-2")
    await done(world)
    expect(await world.dead()).toMatchObject([{ members: [1] }])
  })
})

describe("a channel that is tried", () => {
  it("and takes it is sent what waits for it", async () => {
    const { receiver, world, ledger, time } = await oneReceiver()
    receiver.manner = () => ({ status: 429, headers: { "retry-after": "3000" } })
    await raise(ledger, "web-1")
    await time.passes(() => receiver.requests.length === 1)
    receiver.manner = () => ({ status: 200 })
    const before = Date.parse(time.now())
    expect(await world.delivery.test("c0", new AbortController().signal)).toStrictEqual({ is: "taken" })
    await done(world)
    expect(told(receiver.taken).at(-1)).toBe("raised web-1")
    expect(Date.parse(time.now()) - before).toBeLessThan(2_000_000)
  })
})

describe("a replay", () => {
  it("tells what was told from a position on again, in messages of their own: each alert in order, and known by what it was before", async () => {
    const { receiver, world, ledger } = await oneReceiver()
    await raise(ledger, "before", { rule: "other" })
    await done(world)
    for (const name of ["a", "b"]) await raise(ledger, name)
    await done(world)
    for (const name of ["before", "a"]) await resolve(ledger, name)
    await done(world)
    const first = receiver.taken.slice(1)
    expect(await world.delivery.replay("c0", at(1))).toBe(4)
    await done(world)
    const again = receiver.taken.slice(1 + first.length)
    expect(told(again).toSorted()).toStrictEqual(["raised a,b", "resolved a", "resolved before"])
    expect(told(again).indexOf("raised a,b")).toBeLessThan(told(again).indexOf("resolved a"))
    const deliveries = (messages: readonly Received[]) =>
      messages.flatMap((message) => bodyOf(message).alerts.map(({ delivery }) => delivery)).toSorted()
    expect(deliveries(again)).toStrictEqual(deliveries(first))
    const ids = new Set(first.map(({ headers }) => headers["webhook-id"]))
    expect(again.some(({ headers }) => ids.has(headers["webhook-id"]))).toBe(false)
    await resolve(ledger, "b")
    await done(world)
    expect(told(receiver.taken).at(-1)).toBe("resolved b")
  })

  it("takes the place of what is owed of it and of what was given up, and goes before what came later", async () => {
    const { receiver, world, ledger, time } = await oneReceiver()
    receiver.manner = ({ body }) => ({ status: body.includes("odd") ? 400 : 200 })
    for (const name of ["web-1", "web-2"]) await raise(ledger, name)
    await raise(ledger, "odd", { rule: "other" })
    await done(world)
    expect(await world.dead()).toHaveLength(1)
    receiver.manner = () => ({ status: 500 })
    await resolve(ledger, "web-1")
    await time.passes(() => receiver.requests.length === 3)
    await resolve(ledger, "web-2")
    await world.delivery.replay("c0", at(0))
    receiver.manner = () => ({ status: 200 })
    const before = receiver.taken.length
    await done(world)
    const tellings = told(receiver.taken.slice(before))
    expect(tellings.toSorted()).toStrictEqual(["raised odd", "raised web-1,web-2", "resolved web-1,web-2"])
    expect(tellings.indexOf("raised web-1,web-2")).toBeLessThan(tellings.indexOf("resolved web-1,web-2"))
    expect(await world.dead()).toStrictEqual([])
  })

  it("tells a channel what was before it was there, and from then on what becomes of that", async () => {
    const folder = await tempFolder()
    const time = new VirtualTime()
    const first = await deliveringIn(folder, [], {}, time)
    for (const name of ["lasting", "over"]) await raise(first.ledger, name)
    await resolve(first.ledger, "over")
    await first.close()
    const receiver = await Receiver.start()
    const second = await deliveringIn(folder, [{ url: receiver.url }], {}, time)
    await done(second)
    expect(await second.delivery.replay("c0", at(0))).toBe(3)
    await done(second)
    await resolve(second.ledger, "lasting")
    await done(second)
    expect(told(receiver.taken)).toStrictEqual(["raised lasting,over", "resolved over", "resolved lasting"])
  })

  it("is silent of what nobody was to be told of", async () => {
    const receiver = await Receiver.start()
    const world = await delivering([{ url: receiver.url }], {
      judges: { isQuiet: async ({ data }) => data.about.name === "quiet" },
    })
    for (const name of ["quiet", "loud"]) await raise(world.ledger, name)
    for (const name of ["quiet", "loud"]) await resolve(world.ledger, name)
    await done(world)
    await world.delivery.replay("c0", at(0))
    await done(world)
    expect(told(receiver.taken)).toStrictEqual(["raised loud", "resolved loud", "raised loud", "resolved loud"])
  })
})

describe("whoever looks after channels", () => {
  it("sees what is owed and was given up, tries them and has it told again", async () => {
    const [good, bad] = [await Receiver.start(), await Receiver.start()]
    bad.manner = () => ({ status: 400 })
    const channels = [
      { name: "good", kind: "webhook", url: good.url, groupFor: "0s" },
      { name: "bad", kind: "slack", url: bad.url, groupFor: "0s" },
    ]
    const fleet = await open(await tempFolder(), JSON.stringify({ alerts: { channels } }), new TestClock())
    const ask = asker<never>(fleet) as unknown as (name: string, input: object) => Promise<Record<string, unknown>>
    const list = async () => (await ask("delivery list", {}))["items"]
    await raise(fleet.ledger, "web-1")
    await until(async () => (await fleet.ops.outbox.counts()).size === 2)
    expect(await list()).toMatchObject([
      { name: "bad", kind: "slack", owed: 1, taken: 0, dead: 0 },
      { name: "good", kind: "webhook", owed: 1, taken: 0, dead: 0 },
    ])
    expect(await ask("delivery test", { channel: "good" })).toStrictEqual({ outcome: "taken", message: null })
    expect(bodyOf(good.taken[0] as Received)).toMatchObject({
      type: "alert.test",
      alerts: [{ title: "fleet-ledger reaches the channel good" }],
    })
    const { host } = new URL(bad.url)
    const refused = { outcome: "refused", message: `${host} answered 400` }
    expect(await ask("delivery test", { channel: "bad" })).toStrictEqual(refused)
    expect(await refusalOf(() => ask("delivery test", { channel: "other" }))).toMatchObject({
      message: 'no channel is called "other"; there are good, bad',
    })
    const sending = fleet.delivery.start(() => {})
    try {
      await until(async () => (await fleet.ops.outbox.counts()).size === 0)
      const { items } = (await ask("delivery dead", { channel: "bad" })) as { items: { id: string }[] }
      expect(items).toMatchObject([
        { channel: "bad", what: "raised target-unreachable", alerts: 1, error: `${host} answered 400` },
      ])
      bad.manner = () => ({ status: 200 })
      expect(await ask("delivery retry", { id: items[0]?.id })).toStrictEqual({ messages: 1, over: 0 })
      await until(() => bad.taken.length === 1)
      const replayed = await ask("delivery replay", { channel: "good", from: "position:0" })
      expect(replayed).toMatchObject({ owed: 1 })
      await until(() => good.taken.length === 3)
      await until(async () => ((await list()) as { owed: number }[]).every(({ owed }) => owed === 0))
      expect(await list()).toMatchObject([
        { name: "bad", taken: 1, failed: 1, dead: 0 },
        { name: "good", taken: 2, failed: 0, dead: 0 },
      ])
      expect(await refusalOf(() => ask("delivery retry", {}))).toMatchObject({ code: "InvalidInput" })
    } finally {
      await sending.stop()
    }
    const { items: accounts } = (await ask("access", {})) as { items: { what: string }[] }
    const written = accounts.map(({ what }) => what).filter((what) => what.startsWith("delivery"))
    expect(written.map((what) => what.split(" ").slice(0, 2).join(" ")).toSorted()).toStrictEqual([
      "delivery replay",
      "delivery retry",
      "delivery test",
      "delivery test",
    ])
  })
})
