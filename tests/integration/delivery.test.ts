/** Alerts on their way to receivers over HTTP: what they are sent, and that none is lost or out of order however they behave. */
import * as crypto from "node:crypto"
import type { JsonObject } from "#kernel/json.js"
import { type Position, origin } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import { alertId, acknowledge, escalate, raise, resolve } from "#tests/support/alerts.js"
import { type World, delivering, deliveringIn } from "#tests/support/delivering.js"
import { type Received, Receiver } from "#tests/support/receiver.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { VirtualTime } from "#tests/support/virtual-time.js"
import { describe, expect, it } from "vitest"

interface Body {
  readonly id: string
  readonly type: string
  readonly rule: string
  readonly severity: string
  readonly title: string
  readonly count: number
  readonly omitted: number
  readonly alerts: readonly {
    readonly id: string
    readonly delivery: string
    readonly about: { readonly name: string }
  }[]
}

const bodyOf = ({ body }: Received) => JSON.parse(body) as Body
/** What was told, in words: `raised a,b`. */
const told = (requests: readonly Received[]) =>
  requests
    .map(bodyOf)
    .map(({ type, alerts }) => `${type.slice("alert.".length)} ${alerts.map(({ about }) => about.name).join(",")}`)

async function oneReceiver(channel: Record<string, unknown> = {}, ports: Parameters<typeof delivering>[1] = {}) {
  const receiver = await Receiver.start()
  const world = await delivering([{ url: receiver.url, ...channel }], ports)
  return { receiver, world, ...world }
}

const done = (world: World) => world.time.passes(() => world.isDone())

describe("an alert", () => {
  it("is told once, with an id that stands in the header and in the body, and signed", async () => {
    process.env["TEST_HOOK"] = "whsec_bm9ib2R5IGtub3dz"
    const { receiver, world, ledger } = await oneReceiver({ secret: "env:TEST_HOOK" })
    await raise(ledger, "web-1", { severity: "critical" })
    await done(world)
    expect(receiver.requests).toHaveLength(1)
    const [{ headers, body, method, url }] = receiver.requests as [Received]
    const { id, ...rest } = JSON.parse(body) as Body
    expect([method, url]).toStrictEqual(["POST", "/hook"])
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "webhook-id": id,
      "x-fleet-ledger-delivery": id,
    })
    const signed = `${id}.${String(headers["webhook-timestamp"])}.${body}`
    const mac = crypto.createHmac("sha256", "nobody knows").update(signed).digest("base64")
    expect(headers["webhook-signature"]).toBe(`v1,${mac}`)
    expect(rest).toMatchObject({
      type: "alert.raised",
      rule: "target-unreachable",
      severity: "critical",
      title: "web-1 cannot be reached",
      count: 1,
      omitted: 0,
      alerts: [{ id: alertId("web-1"), delivery: id, about: { kind: "target", name: "web-1" }, position: 0 }],
    })
    expect(await world.ops.deliveries.accounts()).toMatchObject([{ name: "c0", taken: 1, failed: 0, buried: 0 }])
  })

  it("is told when it is mended, behind that it was raised; and what people do with it, where that is asked for", async () => {
    const tells = ["raised", "acknowledged", "escalated", "resolved"]
    const { receiver, world, ledger } = await oneReceiver({ tells })
    await raise(ledger, "web-1")
    await acknowledge(ledger, "web-1")
    await escalate(ledger, "web-1", 1)
    await resolve(ledger, "web-1")
    await done(world)
    expect(told(receiver.requests)).toStrictEqual([
      "raised web-1",
      "acknowledged web-1",
      "escalated web-1",
      "resolved web-1",
    ])
    expect(bodyOf(receiver.requests[1] as Received).alerts).toMatchObject([{ by: "user:ada", reason: "on it" }])
  })

  it("is told to the channels that are for its severity, or from a step of its escalation on", async () => {
    const [all, critical, late] = [await Receiver.start(), await Receiver.start(), await Receiver.start()]
    const world = await delivering([
      { url: all.url },
      { url: critical.url, severity: "critical" },
      { url: late.url, step: 2 },
    ])
    await raise(world.ledger, "slow")
    await raise(world.ledger, "gone", { severity: "critical", rule: "other" })
    await done(world)
    await escalate(world.ledger, "gone", 1)
    await done(world)
    await escalate(world.ledger, "gone", 2)
    await done(world)
    for (const name of ["slow", "gone"]) await resolve(world.ledger, name)
    await done(world)
    expect(told(all.requests).slice(0, 2).sort()).toStrictEqual(["raised gone", "raised slow"])
    expect(told(all.requests).slice(2, 4)).toStrictEqual(["escalated gone", "escalated gone"])
    expect(told(critical.requests)).toStrictEqual(["raised gone", "escalated gone", "escalated gone", "resolved gone"])
    expect(told(late.requests)).toStrictEqual(["escalated gone", "resolved gone"])
  })

  it("is told in the form of each kind of receiver", async () => {
    const kinds = ["slack", "discord", "teams", "ntfy", "gotify", "alertmanager"]
    const receivers = await Promise.all(kinds.map(async () => Receiver.start()))
    const channels = receivers.map(({ url }, index) => ({ url, kind: kinds[index] }))
    const world = await delivering(channels.map((one) => (one.kind === "ntfy" ? { ...one, topic: "fleet" } : one)))
    await raise(world.ledger, "web-1")
    await resolve(world.ledger, "web-1")
    await done(world)
    for (const { taken } of receivers) {
      expect(taken).toHaveLength(2)
      for (const { body } of taken) expect(body).toContain("1 cannot be reached")
    }
    const [, , , ntfy, , alertmanager] = receivers.map(({ taken }) => taken.map(({ body }) => JSON.parse(body)))
    expect(ntfy).toMatchObject([{ topic: "fleet", priority: 3 }, { priority: 2 }])
    expect(alertmanager?.[1]).toMatchObject([
      { labels: alertmanager?.[0][0].labels, annotations: { state: "resolved" } },
    ])
  })

  it("that was there before the channel was is no news to it", async () => {
    const folder = await tempFolder()
    const time = new VirtualTime()
    const first = await deliveringIn(folder, [], {}, time)
    await raise(first.ledger, "old")
    await first.close()
    const receiver = await Receiver.start()
    const second = await deliveringIn(folder, [{ url: receiver.url }], {}, time)
    await raise(second.ledger, "new")
    await resolve(second.ledger, "old")
    await done(second)
    expect(told(receiver.requests)).toStrictEqual(["raised new"])
  })

  it("that nobody is to be told of is told as soon as somebody is, unless it is mended by then", async () => {
    let isQuiet = true
    const judges = { isQuiet: async () => isQuiet }
    const { receiver, world, ledger, time } = await oneReceiver({}, { judges })
    await raise(ledger, "mended")
    await raise(ledger, "lasting")
    await resolve(ledger, "mended")
    await done(world)
    const start = time.now()
    await time.passes(() => Date.parse(time.now()) > Date.parse(start) + 200_000, 5_000)
    expect(receiver.requests).toStrictEqual([])
    isQuiet = false
    await time.passes(() => receiver.taken.length > 0, 1_000)
    await resolve(ledger, "lasting")
    await done(world)
    expect(told(receiver.requests)).toStrictEqual(["raised lasting", "resolved lasting"])
  })

  it("is told again while nobody has taken it on", async () => {
    const { receiver, world, ledger, time } = await oneReceiver({ repeat: "1h" })
    await raise(ledger, "web-1")
    await time.passes(() => receiver.taken.length === 3, 30_000)
    expect(told(receiver.requests)).toStrictEqual(["raised web-1", "reminder web-1", "reminder web-1"])
    expect(new Set(receiver.requests.map((request) => bodyOf(request).id)).size).toBe(3)
    await acknowledge(ledger, "web-1")
    await done(world)
    const until = Date.parse(time.now()) + 3 * 3_600_000
    await time.passes(() => Date.parse(time.now()) > until, 60_000)
    expect(receiver.requests).toHaveLength(3)
  })
})

describe("a storm", () => {
  it("of a thousand alerts of one rule is one message with the number and the first names, and so is its end", async () => {
    const { receiver, world, ledger } = await oneReceiver()
    const names = Array.from({ length: 1_000 }, (_, index) => `web-${index}`)
    await Promise.all(names.map((name) => raise(ledger, name, { severity: name === "web-7" ? "critical" : "warning" })))
    await raise(ledger, "cert", { rule: "certificate-expiring" })
    await done(world)
    const storm = receiver.requests.map(bodyOf).find(({ rule }) => rule === "target-unreachable")
    expect(receiver.requests).toHaveLength(2)
    expect(storm).toMatchObject({ count: 1_000, omitted: 900, severity: "critical" })
    expect(storm?.title).toMatch(/^Raised: 1000 alerts of target-unreachable: web-\d+, .* and 990 more$/)
    expect(receiver.requests.every(({ body }) => body.length < 100_000)).toBe(true)
    await Promise.all(names.slice(0, 200).map((name) => resolve(ledger, name)))
    await done(world)
    expect(receiver.requests).toHaveLength(3)
    expect(bodyOf(receiver.requests[2] as Received)).toMatchObject({ type: "alert.resolved", count: 200 })
  })
})

describe("a receiver", () => {
  it.each([
    ["answers 500", { status: 500 }],
    ["does not answer in time", "hang"],
    ["breaks off before it has read", "reset"],
    ["breaks off when it has read", "read, then reset"],
    ["leads elsewhere", { status: 307, headers: { location: "http://169.254.169.254/" } }],
  ] as const)("that %s is sent the same again, later and later, until it takes it", async (_, manner) => {
    // Whoever says nothing is waited for, in real time.
    const { receiver, world, ledger, time } = await oneReceiver({}, manner === "hang" ? { patienceMs: 1_000 } : {})
    let attempts = 0
    const times: number[] = []
    receiver.manner = ({ body }) => {
      if (body === "") {
        times.push(Date.parse(time.now()))
        attempts++
      }
      return attempts <= 3 ? manner : { status: 200 }
    }
    await raise(ledger, "web-1")
    await resolve(ledger, "web-1")
    await done(world)
    expect(told(receiver.taken)).toStrictEqual(["raised web-1", "resolved web-1"])
    const [first, last] = [receiver.taken[0] as Received, receiver.taken[1] as Received]
    const others = receiver.requests.filter((request) => request !== first && request !== last)
    expect(new Set(others.map(({ headers }) => headers["webhook-id"]))).toStrictEqual(
      new Set(others.length === 0 ? [] : [bodyOf(first).id]),
    )
    const waits = times.slice(1, 4).map((at, index) => at - (times[index] as number))
    for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(1_000 * 2 ** index)
    expect(await world.ops.deliveries.accounts()).toMatchObject([{ taken: 2, failed: 3, buried: 0 }])
  })

  it("that wants to be left alone is, for as long as it says, whatever else there is to tell", async () => {
    const { receiver, world, ledger, time } = await oneReceiver()
    const times: number[] = []
    receiver.manner = ({ body }, number) => {
      if (body === "") times.push(Date.parse(time.now()))
      return number === 0 ? { status: 429, headers: { "retry-after": "120" } } : { status: 200 }
    }
    await raise(ledger, "web-1")
    await time.passes(() => receiver.requests.length === 1)
    await raise(ledger, "web-2", { rule: "other" })
    await done(world)
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(120_000)
    expect(told(receiver.taken)).toStrictEqual(["raised web-1", "raised web-2"])
  })

  it("that is slow, but answers, is not sent it twice", async () => {
    const { receiver, world, ledger } = await oneReceiver()
    receiver.manner = () => ({ status: 200, afterMs: 150 })
    await raise(ledger, "web-1")
    await done(world)
    expect(receiver.requests).toHaveLength(1)
  })

  it("that is down for a while gets everything when it is back, of each alert in order", async () => {
    const { receiver, world, ledger, time } = await oneReceiver()
    await receiver.stop()
    for (const name of ["a", "b", "c"]) await raise(ledger, name)
    const down = Date.parse(time.now()) + 3_600_000
    await time.passes(() => Date.parse(time.now()) > down, 10_000)
    for (const name of ["a", "b"]) await resolve(ledger, name)
    await raise(ledger, "d")
    await receiver.listen()
    await done(world)
    expect(told(receiver.taken)).toStrictEqual(["raised a,b,c", "raised d", "resolved a,b"])
    expect(await world.dead()).toStrictEqual([])
  })

  it("that can't read a message is not sent it again, and the next ones are told all the same", async () => {
    const { receiver, world, ledger } = await oneReceiver()
    receiver.manner = ({ body }) => ({ status: body.includes("odd") ? 400 : 200 })
    await raise(ledger, "odd")
    await raise(ledger, "web-1", { rule: "other" })
    await done(world)
    expect(told(receiver.taken)).toStrictEqual(["raised web-1"])
    const host = new URL(receiver.url).host
    expect(await world.dead()).toMatchObject([{ channel: "c0", members: [0], error: `${host} answered 400` }])
    receiver.manner = () => ({ status: 200 })
    const [letter] = await world.dead()
    await world.delivery.retry(letter?.id ?? "")
    await done(world)
    expect(told(receiver.taken)).toStrictEqual(["raised web-1", "raised odd"])
  })

  it.each([401, 404])(
    "that answers %d, as a token or an address is wrong, has all of it once that is mended",
    async (status) => {
      const { receiver, world, ledger, time } = await oneReceiver()
      receiver.manner = () => ({ status })
      await raise(ledger, "web-1")
      await resolve(ledger, "web-1")
      await time.passes(() => receiver.requests.length > 2, 5_000)
      receiver.manner = () => ({ status: 200 })
      await done(world)
      expect(told(receiver.taken)).toStrictEqual(["raised web-1", "resolved web-1"])
      expect(await world.dead()).toStrictEqual([])
    },
  )

  it("that takes nothing for as long as is configured is given up, message by message", async () => {
    const { receiver, world, ledger, time } = await oneReceiver({ giveUpAfter: "1h" })
    receiver.manner = () => ({ status: 503 })
    await raise(ledger, "web-1")
    await time.passes(() => world.isDone(), 5_000)
    expect(await world.dead()).toMatchObject([
      { error: expect.stringMatching(/^given up after \d+ attempts since 2026-11-23T14:00:/) },
    ])
    expect(receiver.requests.length).toBeGreaterThan(30)
  })

  it("that is dead holds up no other, nor the handler", async () => {
    const [hanging, good] = [await Receiver.start(), await Receiver.start()]
    hanging.manner = () => "hang"
    const channels = [{ url: hanging.url }, { url: "http://127.0.0.1:1/" }, { url: good.url }]
    const world = await delivering(channels, { patienceMs: 500 })
    for (let number = 0; number < 20; number++) await raise(world.ledger, `web-${number}`, { rule: `rule-${number}` })
    await world.time.passes(() => good.taken.length === 20)
    const { position } = await world.ledger.head()
    expect(world.ops.checkpoints.of("delivery")).toBe(position)
    expect(hanging.taken).toStrictEqual([])
    const accounts = await world.ops.deliveries.accounts()
    expect(accounts.map(({ taken }) => taken)).toStrictEqual([0, 0, 20])
  })

  it("is not connected to by its name alone where that stands for a private network", async () => {
    const receiver = await Receiver.start()
    const url = receiver.url.replace("127.0.0.1", "hook.lan")
    const toLoopback = async () => ["127.0.0.1"]
    const world = await delivering([{ url }, { url, allowPrivate: true }], { resolve: toLoopback })
    await raise(world.ledger, "web-1")
    await world.time.passes(async () =>
      (await world.ops.deliveries.accounts()).every(({ taken, failed }) => taken + failed > 0),
    )
    expect(receiver.connections).toBe(1)
    const [refused] = await world.ops.deliveries.accounts()
    expect(refused?.error).toBe(
      'hook.lan is not connected to: 127.0.0.1 is a loopback address; "allowPrivate" of the channel allows it',
    )
  })
})

describe("what is owed", () => {
  it("is still owed after a restart, and known by the same id", async () => {
    const folder = await tempFolder()
    const time = new VirtualTime()
    const receiver = await Receiver.start()
    receiver.manner = () => ({ status: 500 })
    const first = await deliveringIn(folder, [{ url: receiver.url }], {}, time)
    await raise(first.ledger, "web-1")
    await time.passes(() => receiver.requests.length === 1)
    await resolve(first.ledger, "web-1")
    await first.close()
    receiver.manner = () => ({ status: 200 })
    const second = await deliveringIn(folder, [{ url: receiver.url }], {}, time)
    await done(second)
    expect(told(receiver.taken)).toStrictEqual(["raised web-1", "resolved web-1"])
    expect(receiver.requests[0]?.headers["webhook-id"]).toBe(receiver.taken[0]?.headers["webhook-id"])
  })

  it("is what the ledger says when it is sent: what was redacted meanwhile is not told", async () => {
    const { receiver, world, ledger, time } = await oneReceiver()
    await receiver.stop()
    await raise(ledger, "web-1", { title: "the password is hunter2" })
    await time.passes(async () => (await world.ops.deliveries.accounts()).some(({ failed }) => failed > 0))
    const [event] = await ledger.readAll({ after: origin, limit: 1 })
    const left = { ...event?.data, title: "the password is ███" } as JsonObject
    await ledger.redact(
      [{ position: 0 as Position, data: left }],
      {
        type: "DataRedacted",
        data: { mask: "███", positions: [0] },
        metadata: { actor: "user:ada", reason: "no" },
        observedAt: time.now(),
      },
      noStream,
    )
    await receiver.listen()
    await done(world)
    expect(bodyOf(receiver.taken[0] as Received).title).toBe("the password is ███")
  })
})
