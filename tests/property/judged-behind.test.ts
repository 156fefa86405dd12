/** Who is behind decides as who was there: what was appended because of one event is known when the next is judged, shown yet or not. */
import type { FleetEvent } from "#events/catalog.js"
import { type Alerting, alerting, discovered, host } from "#tests/support/alerting.js"
import { often } from "#tests/support/often.js"
import * as fc from "fast-check"
import { expect, it } from "vitest"

const names = ["web", "db"] as const
type Name = (typeof names)[number]

interface Step {
  readonly name: Name
  readonly minutes: number
}

const anySteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({ name: fc.constantFrom(...names), minutes: fc.constantFrom(0, 1, 70) }),
  { minLength: 4, maxLength: 14 },
)

/** Each step loses a machine or finds it again. */
function eventsOf(steps: readonly Step[]): readonly (Step & { readonly event: FleetEvent })[] {
  const lost = new Set<Name>()
  return steps.map((step) => {
    if (lost.delete(step.name)) return { ...step, event: { type: "TargetReappeared", data: { from: "unseen" } } }
    lost.add(step.name)
    return { ...step, event: { type: "TargetUnseen", data: {} } }
  })
}

async function begun(): Promise<Alerting> {
  const world = await alerting()
  for (const name of names) await world.happens(host(name), discovered(name))
  return world
}

it("a handler that is behind raises and resolves what one that was there did", async () => {
  await fc.assert(
    fc.asyncProperty(anySteps, async (steps) => {
      const [there, behind] = [await begun(), await begun()]
      await behind.fleet.subscriptions.pause("alerts")
      for (const { name, minutes, event } of eventsOf(steps)) {
        there.clock.advance(minutes * 60_000)
        behind.clock.advance(minutes * 60_000)
        await there.happens(host(name), event)
        const { ledger } = behind.fleet
        const whole = { ...event, metadata: { actor: "discovery", source: "here" }, observedAt: behind.clock.now() }
        const on = host(name) as Parameters<typeof ledger.revisionOf>[0]
        await ledger.append(on, await ledger.revisionOf(on), [whole], "behind")
      }
      await behind.fleet.subscriptions.resume("alerts")
      await behind.settled()
      expect(await behind.told()).toStrictEqual(await there.told())
      await there.fleet.close()
      await behind.fleet.close()
    }),
    { numRuns: often(3) },
  )
})
