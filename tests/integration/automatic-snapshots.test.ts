/** Snapshots that nobody has to think of: when they are taken, when not, and when they end. */
import { type Instant, instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { Fleet } from "#fleet.js"
import { automaticSnapshots } from "#snapshots/automatic.js"
import { takeSnapshot } from "#snapshots/take.js"
import { metadata, stream } from "#tests/support/sample-events.js"
import { addHost, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

const hour = 3_600_000
const day = 24 * hour

/** A fleet whose snapshots are taken by a clock that a test moves; a wait ends when it is moved. */
async function kept({ afterDiscovery = false, isOurs = (): boolean => true } = {}) {
  const clock = new TestClock("2026-11-25T19:00:00.000Z")
  const fleet = await scriptedFleet(clock)
  const failures: unknown[] = []
  const waits: number[] = []
  let wake = () => {}
  const sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      wake = resolve
      signal.addEventListener("abort", () => resolve(), { once: true })
      if (signal.aborted) resolve()
      waits.push(ms)
    })
  const keep = () => 30 * day
  const taking = automaticSnapshots(fleet, { afterDiscovery, every: day, keep, isOurs, sleep }, (error) =>
    failures.push(error),
  )
  onTestFinished(async () => {
    await taking.stop()
    expect(failures).toStrictEqual([])
  })
  /** Lets so much time pass, and what is due be done. */
  const pass = async (ms: number) => {
    const seen = waits.length
    clock.advance(ms)
    wake()
    await until(() => waits.length > seen)
  }
  await until(() => waits.length === 1)
  return { clock, fleet, waits, pass }
}

async function standing(fleet: Fleet) {
  const { position: at } = await fleet.ledger.head()
  await fleet.reached(at)
  const before = (at + 1) as Position
  return (await fleet.views.snapshots.page({ at, before, limit: 100 })).toReversed()
}

const namesOf = async (fleet: Fleet) => (await standing(fleet)).map(({ name }) => name)

async function looked(fleet: Fleet, changes: number, at: Instant) {
  const data = {
    source: "here",
    startedAt: at,
    coverage: { rights: "root", looked: {}, notLooked: {}, complete: { target: true, service: true } },
    targets: 1,
    services: 0,
    changes,
  }
  const name = stream("source-here")
  const event = { type: "DiscoveryCompleted", data, metadata, observedAt: at } as const
  return fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [event], `look ${changes} ${at}`)
}

describe("once a period", () => {
  it("one is taken where something has changed since the last, and none where nothing has", async () => {
    const { fleet, clock, waits, pass } = await kept()
    expect(await namesOf(fleet)).toStrictEqual([])
    await addHost(fleet, "web-1")
    await pass(hour)
    const [first] = await standing(fleet)
    expect(first).toMatchObject({
      name: "scheduled-2026-11-25T20-00",
      type: "scheduled",
      takenBy: "system",
      point: { position: (first?.taken ?? 0) - 1, time: clock.now() },
      expiresAt: instant(Date.parse(clock.now()) + 30 * day),
    })
    await addHost(fleet, "web-2")
    // It is the same day still; the next begins in four hours, and an hour is the longest that one waits.
    await pass(hour)
    expect(waits).toStrictEqual([hour, hour, hour])
    await pass(2.5 * hour)
    expect(waits.at(-1)).toBe(hour / 2)
    expect(await namesOf(fleet)).toHaveLength(1)
    await pass(hour / 2)
    expect(await namesOf(fleet)).toStrictEqual(["scheduled-2026-11-25T20-00", "scheduled-2026-11-26T00-00"])
    // Accounts of looks are no change of the fleet.
    await looked(fleet, 0, clock.now())
    const { position } = await fleet.ledger.head()
    for (let days = 0; days < 3; days++) await pass(day)
    expect((await fleet.ledger.head()).position).toBe(position)
  })

  it("those that have expired end, with those of others that were to, and no other", async () => {
    const { fleet, clock, pass } = await kept()
    const point = await fleet.ledger.head()
    const mine = { type: "manual", point } as const
    await takeSnapshot(fleet, { ...mine, name: "kept" }, { actor: "user:ada" })
    const expiresAt = instant(Date.parse(clock.now()) + 2 * hour)
    await takeSnapshot(fleet, { ...mine, name: "short", expiresAt }, { actor: "user:ada" })
    await addHost(fleet, "web-1")
    await pass(hour)
    expect(await namesOf(fleet)).toStrictEqual(["kept", "short", "scheduled-2026-11-25T20-00"])
    await pass(hour)
    expect(await namesOf(fleet)).toStrictEqual(["kept", "scheduled-2026-11-25T20-00"])
    const [ended] = await fleet.ledger.readStream(stream("snapshots"), { limit: 1, backwards: true })
    expect(ended).toMatchObject({
      type: "SnapshotDeleted",
      data: { name: "short" },
      metadata: { actor: "system", reason: "expired" },
    })
    await pass(30 * day)
    // Nothing has changed in that time: what was taken last stays so, though its name has ended.
    expect(await namesOf(fleet)).toStrictEqual(["kept"])
    await pass(day)
    expect(await namesOf(fleet)).toStrictEqual(["kept"])
  })

  it("none is taken by an instance that is not the one that does it", async () => {
    let ours = false
    const { fleet, pass } = await kept({ isOurs: () => ours })
    await addHost(fleet, "web-1")
    await pass(hour)
    expect(await namesOf(fleet)).toStrictEqual([])
    ours = true
    await pass(hour)
    expect(await namesOf(fleet)).toHaveLength(1)
  })
})

describe("behind each look that changed something", () => {
  it("one is taken of its end, if that is wanted", async () => {
    const { fleet, clock } = await kept({ afterDiscovery: true })
    await addHost(fleet, "web-1")
    const { position } = await looked(fleet, 1, clock.now())
    await addHost(fleet, "web-2")
    await until(async () => (await namesOf(fleet)).length === 1)
    expect(await standing(fleet)).toMatchObject([
      { name: "discovery-2026-11-25T19-00", type: "discovery", point: { position, time: clock.now() } },
    ])
    await looked(fleet, 0, clock.now())
    // Of the same minute.
    await looked(fleet, 1, clock.now())
    await until(async () => (await namesOf(fleet)).length === 2)
    expect(await namesOf(fleet)).toStrictEqual(["discovery-2026-11-25T19-00", "discovery-2026-11-25T19-00-2"])
  })
})
