/**
 * However a receiver behaves and whoever restarts, retries or replays in between: in the end it knows of each alert how it stands, whether it goes by the last
 * message, drops messages that it has, or drops what was told of an alert before.
 */
import type { Position } from "#kernel/point.js"
import { raise, resolve } from "#tests/support/alerts.js"
import { deliveringIn } from "#tests/support/delivering.js"
import { often } from "#tests/support/often.js"
import { type Manner, type Received, Receiver } from "#tests/support/receiver.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { VirtualTime } from "#tests/support/virtual-time.js"
import * as fc from "fast-check"
import { expect, it } from "vitest"

interface Body {
  readonly id: string
  readonly type: string
  readonly alerts: readonly { readonly delivery: string; readonly about: { readonly name: string } }[]
}

const manners: readonly Manner[] = [
  { status: 200 },
  { status: 500 },
  { status: 400 },
  { status: 429, headers: { "retry-after": "30" } },
  "reset",
  "read, then reset",
]

const act = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ is: "raise" as const }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant("resolve" as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant("behave" as const), manner: fc.constantFrom(...manners) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 20_000 }) }) },
  { weight: 1, arbitrary: fc.constant({ is: "restart" as const }) },
  { weight: 1, arbitrary: fc.constant({ is: "retry" as const }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("replay" as const), from: fc.nat() }) },
)

/** How each alert stands for a receiver that goes by these. */
function asTold(bodies: readonly Body[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    bodies.flatMap(({ type, alerts }) => alerts.map(({ about }) => [about.name, type] as const)),
  )
}

function firstOf(bodies: readonly Body[]): readonly Body[] {
  const known = new Set<string>()
  return bodies.filter(({ id }) => !known.has(id) && known.add(id))
}

function firstTellings(bodies: readonly Body[]): readonly Body[] {
  const known = new Set<string>()
  return bodies.map((body) => ({
    ...body,
    alerts: body.alerts.filter(({ delivery }) => !known.has(delivery) && known.add(delivery)),
  }))
}

it("a receiver knows how each alert stands", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
      const receiver = await Receiver.start()
      const folder = await tempFolder()
      const time = new VirtualTime()
      const channel = [{ url: receiver.url, groupFor: "2s", giveUpAfter: "1h" }]
      let world = await deliveringIn(folder, channel, {}, time)
      const open: string[] = []
      const over: string[] = []
      for (const one of acts) {
        if (one.is === "raise") {
          const name = `web-${open.length + over.length}`
          await raise(world.ledger, name)
          open.push(name)
        } else if (one.is === "resolve") {
          const [name] = open.splice(one.which % Math.max(1, open.length), 1)
          if (name === undefined) continue
          await resolve(world.ledger, name)
          over.push(name)
        } else if (one.is === "behave") receiver.manner = () => one.manner
        else if (one.is === "pass") {
          const until = Date.parse(time.now()) + one.ms
          await time.passes(() => Date.parse(time.now()) >= until, 500)
        } else if (one.is === "restart") {
          await world.close()
          world = await deliveringIn(folder, channel, {}, time)
        } else if (one.is === "retry") await world.delivery.retryAll("c0")
        else {
          const { position } = await world.ledger.head()
          if (position >= 0) await world.delivery.replay("c0", (one.from % (position + 1)) as Position)
        }
      }
      receiver.manner = () => ({ status: 200 })
      await time.passes(() => world.isDone(), 500)
      await world.delivery.retryAll("c0")
      await time.passes(() => world.isDone(), 500)
      expect(world.troubles).toStrictEqual([])
      await world.close()
      await receiver.stop()

      const bodies = receiver.taken.map(({ body }: Received) => JSON.parse(body) as Body)
      const stands = Object.fromEntries([
        ...open.map((name) => [name, "alert.raised"] as const),
        ...over.map((name) => [name, "alert.resolved"] as const),
      ])
      for (const heard of [bodies, firstOf(bodies), firstTellings(bodies)]) expect(asTold(heard)).toStrictEqual(stands)
      // A message is the same however often it came.
      const byId = new Map(bodies.map((body) => [body.id, body]))
      for (const body of bodies) expect(body).toStrictEqual(byId.get(body.id))
    }),
    { numRuns: often(6) },
  )
})
