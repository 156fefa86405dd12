/** What a person means by a name or by a point: the one thing that there is, or a refusal that says what to say instead. */
import type { StreamName } from "#kernel/ids.js"
import { asker } from "#tests/support/asker.js"
import { refusalOf } from "#tests/support/refusal.js"
import { addHost, addService, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

async function openFleet() {
  const clock = new TestClock()
  const fleet = await scriptedFleet(clock)
  const ask = asker<{ at: { position: number; time: string } }>(fleet)
  return { fleet, clock, ask }
}

describe("a name", () => {
  it("that several have is refused with their ids, each of which names one", async () => {
    const { fleet, ask } = await openFleet()
    const [here, there] = [await addHost(fleet, "nas"), await addHost(fleet, "nas", {}, "there")]
    const refused = await refusalOf(() => ask("show", { entity: "nas" }))
    expect(refused).toMatchObject({ code: "Ambiguous", details: { ids: [here, there] } })
    expect(refused.message).toBe(`2 entities are called "nas"; name one by its id: ${here}, ${there}`)
    expect(await ask("show", { entity: there })).toMatchObject({ entity: { id: there } })
  })

  it("that a machine and a service have is the machine's", async () => {
    const { fleet, ask } = await openFleet()
    const gate = await addHost(fleet, "gate")
    await addService(fleet, gate, "gate")
    expect(await ask("show", { entity: "gate" })).toMatchObject({ entity: { id: gate } })
  })

  it("that one which is retired had as well is that of the one that is there", async () => {
    const { fleet, ask } = await openFleet()
    const [here, there] = [await addHost(fleet, "nas"), await addHost(fleet, "nas", {}, "there")]
    const stream = `target-${here}` as StreamName
    await fleet.ledger.append(
      stream,
      0,
      [
        {
          type: "TargetRetired",
          data: { from: "observed" },
          metadata: { actor: "ada" },
          observedAt: fleet.clock.now(),
        },
      ],
      "retire",
    )
    await fleet.reached((await fleet.ledger.head()).position)
    expect(await ask("show", { entity: "nas" })).toMatchObject({ entity: { id: there } })
    expect(await ask("show", { entity: here })).toMatchObject({ entity: { id: here } })
  })

  it("may have a colon; in front of a kind's it is that kind's alone", async () => {
    const { fleet, ask } = await openFleet()
    const gate = await addHost(fleet, "gate")
    const service = await addService(fleet, gate, "gate")
    const odd = await addHost(fleet, "old-target:gate")
    expect(await ask("show", { entity: "service:gate" })).toMatchObject({ entity: { id: service } })
    expect(await ask("show", { entity: "target:gate" })).toMatchObject({ entity: { id: gate } })
    expect(await ask("show", { entity: "old-target:gate" })).toMatchObject({ entity: { id: odd } })
    expect((await refusalOf(() => ask("show", { entity: "stack:gate" }))).code).toBe("NotFound")
  })

  it("of two machines that were made one is that one's", async () => {
    const { fleet, ask } = await openFleet()
    const [here, there] = [await addHost(fleet, "nas"), await addHost(fleet, "nas", {}, "there")]
    await ask("identity link", { record: there, target: here })
    expect(await ask("show", { entity: "nas" })).toMatchObject({ entity: { id: here } })
  })

  it("that nobody has is refused, and shortened", async () => {
    const { ask } = await openFleet()
    expect((await refusalOf(() => ask("show", { entity: "x".repeat(200) }))).message).toContain(`"${"x".repeat(120)}"`)
  })
})

describe("a point", () => {
  it("is refused when nothing is recorded there yet, or nothing was yet", async () => {
    const { fleet, clock, ask } = await openFleet()
    await addHost(fleet, "nas")
    const { position } = await fleet.ledger.head()
    const refused = async (at: string) => {
      const { code, message } = await refusalOf(() => ask("targets", { at }))
      return `${code}: ${message}`
    }
    expect(await refused(`position:${position + 1}`)).toBe(
      `InvalidPoint: position ${position + 1} is not recorded yet; the last is position:${position}`,
    )
    expect(await refused("9999-01-01T00:00:00Z")).toMatch(/^InvalidPoint: .* is in the future; now is /u)
    const begin = await fleet.ledger.timeOf(0 as typeof position)
    expect(await refused("2001-01-01T00:00:00Z")).toBe(
      `InvalidPoint: 2001-01-01T00:00:00.000Z is before this ledger; it begins at ${begin}`,
    )
    expect((await ask("targets", { at: clock.now() })).at).toMatchObject({ position, time: clock.now() })
  })

  it("a stretch of time that begins before the ledger begins with it", async () => {
    const { fleet } = await openFleet()
    const ask = asker<{ from: object; to: { time: string }; buckets: object; items: readonly object[] }>(fleet)
    const since = "2001-01-01T00:00:00Z"
    // Nothing is missed in an empty one either.
    expect(await ask("history", { since })).toMatchObject({ items: [] })
    await addHost(fleet, "nas")
    const all = await ask("density", { buckets: 1 })
    expect(await ask("density", { from: since, to: all.to.time, buckets: 1 })).toMatchObject({
      from: all.from,
      buckets: all.buckets,
    })
    expect((await ask("history", { since })).items).toHaveLength(1)
    for (const name of ["noise", "access"]) expect(await ask(name, { since })).toMatchObject({ next: null })
    expect(await ask("measurements", { entity: "nas", since })).toMatchObject({ series: [] })
  })
})
