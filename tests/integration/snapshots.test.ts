/** Snapshots through their operations: taken, listed, shown, asked for as points, deleted. */
import { tableOf } from "#cli/tables.js"
import { type Position, origin } from "#kernel/point.js"
import { asker } from "#tests/support/asker.js"
import { refusalOf } from "#tests/support/refusal.js"
import { stream } from "#tests/support/sample-events.js"
import { addHost, changeKernel, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

const hour = 3_600_000

interface Answer extends Record<string, unknown> {
  readonly at: { readonly position: Position; readonly time: string }
  readonly point: { readonly position: Position; readonly time: string }
  readonly items: Record<string, unknown>[]
  readonly next: string | null
}

async function oneHost() {
  const clock = new TestClock()
  const fleet = await scriptedFleet(clock)
  const web = await addHost(fleet, "web-1")
  clock.advance(hour)
  const ask = asker<Answer>(fleet)
  const namesOf = async (input: Record<string, unknown> = {}) =>
    (await ask("snapshot list", input)).items.map(({ name }) => name)
  return { clock, fleet, web, ask, namesOf }
}

describe("a snapshot", () => {
  it("is one event, and a name for the point that it was taken at", async () => {
    const { clock, fleet, web, ask } = await oneHost()
    const { position: before } = await fleet.ledger.head()
    const taken = await ask("snapshot create", { name: "before", type: "pre_deployment", tags: "web, db,web" })
    expect(taken).toMatchObject({ name: "before", point: { position: before, time: clock.now() }, expiresAt: null })
    expect(taken["position"]).toBe(before + 1)
    expect((await fleet.ledger.head()).position).toBe(before + 1)
    clock.advance(hour)
    await changeKernel(fleet, web, "6.1.0", "6.1.1")
    const kernel = async (at: string) => (await ask("targets", { at })).items[0]?.["kernel"]
    expect([await kernel("now"), await kernel("snapshot:before")]).toStrictEqual(["6.1.1", "6.1.0"])
    expect((await ask("targets", { at: "snapshot:before" })).at).toStrictEqual(taken.point)
    const diff = await ask("diff", { from: "snapshot:before" })
    expect(diff.items).toMatchObject([{ change: "modified", changes: [{ path: "/os/kernel" }] }])
  })

  it("may name a point of the past, also by another snapshot", async () => {
    const { clock, fleet, ask } = await oneHost()
    const empty = await ask("snapshot create", { name: "start", at: "position:0" })
    expect(empty.point).toStrictEqual({ position: 0, time: await fleet.ledger.timeOf(0 as Position) })
    const past = await ask("snapshot create", { name: "past", at: "-30m" })
    expect(past.point.time).toBe(new Date(Date.parse(clock.now()) - hour / 2).toISOString())
    expect((await ask("snapshot create", { name: "same", at: "snapshot:past" })).point).toStrictEqual(past.point)
    expect(await refusalOf(() => ask("snapshot create", { name: "next", at: "2999-01-01" }))).toMatchObject({
      code: "InvalidPoint",
    })
  })

  it("has a name of its own until it is deleted, which leaves what it named", async () => {
    const { fleet, ask } = await oneHost()
    const { point } = await ask("snapshot create", { name: "before" })
    const again = await refusalOf(() => ask("snapshot create", { name: "before" }))
    expect(again.message).toContain(`there is a snapshot "before" already, of position:${point.position}`)
    const deleted = await ask("snapshot delete", { name: "before", reason: "all is well" })
    expect(deleted).toMatchObject({ name: "before", point })
    const [event] = await fleet.ledger.readStream(stream("snapshots"), { limit: 1, backwards: true })
    expect(event).toMatchObject({
      type: "SnapshotDeleted",
      position: deleted["position"],
      metadata: { actor: "user:ada", reason: "all is well" },
    })
    for (const sentence of [
      await refusalOf(() => ask("targets", { at: "snapshot:before" })),
      await refusalOf(() => ask("snapshot show", { name: "before" })),
      await refusalOf(() => ask("snapshot delete", { name: "before" })),
    ]) {
      expect(sentence.message).toBe(
        `the snapshot "before" was deleted; what it named is still position:${point.position}`,
      )
    }
    expect((await ask("targets", { at: `position:${point.position}` })).items).toHaveLength(1)
    const { point: now } = await ask("snapshot create", { name: "before" })
    expect((await ask("targets", { at: "snapshot:before" })).at).toStrictEqual(now)
    expect(await ask("snapshot show", { name: "before", at: `position:${point.position + 1}` })).toMatchObject({
      snapshot: { point },
    })
    expect((await fleet.rebuild(() => {}, new AbortController().signal)).equal).toBe(true)
  })

  it("is taken once by each name, however many take at the same time", async () => {
    const { ask, namesOf } = await oneHost()
    const outcomes = await Promise.allSettled(["a", "a", "b"].map((name) => ask("snapshot create", { name })))
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1)
    expect(new Set(await namesOf())).toStrictEqual(new Set(["a", "b"]))
  })

  it("waits for the views to know the last event about snapshots, and no further", async () => {
    const { fleet, ask } = await oneHost()
    await ask("snapshot create", { name: "first" })
    const { position: known } = await fleet.ledger.head()
    let furthest: Position = origin
    const reached = async (position: Position) => {
      furthest = Math.max(furthest, position) as Position
      await fleet.reached(position)
    }
    await addHost(fleet, "web-2")
    await asker<Answer>({ ...fleet, views: fleet.views, reached })("snapshot create", { name: "second" })
    expect(furthest).toBe(known)
  })

  it.each([
    [{ name: "" }, "letters, digits and"],
    [{ name: "a b" }, "letters, digits and"],
    [{ name: "-a" }, "letters, digits and"],
    [{ name: "a/b" }, "letters, digits and"],
    [{ name: "x".repeat(81) }, "letters, digits and"],
    [{ name: "a", type: "full" }, '"type" cannot be "full"'],
    [{ name: "a", tags: "a b" }, '"tags" is wrong'],
    [{ name: "a", expires: "1s" }, '"expires" is "1s"'],
    [{ name: "a", expires: "soon" }, '"expires" is "soon"'],
  ])("is refused as %j", async (input, sentence) => {
    const { fleet, ask } = await oneHost()
    const { position } = await fleet.ledger.head()
    expect((await refusalOf(() => ask("snapshot create", input))).message).toContain(sentence)
    expect((await fleet.ledger.head()).position).toBe(position)
  })
})

describe("the list of snapshots", () => {
  it("is newest first, by page, and filtered by type, tag and text", async () => {
    const { ask, namesOf } = await oneHost()
    await ask("snapshot create", { name: "one", tags: "web", description: "Before the upgrade" })
    await ask("snapshot create", { name: "two", type: "backup", tags: "web,db" })
    await ask("snapshot create", { name: "three", type: "backup" })
    expect(await namesOf()).toStrictEqual(["three", "two", "one"])
    expect(await namesOf({ type: "backup" })).toStrictEqual(["three", "two"])
    expect(await namesOf({ tag: "web" })).toStrictEqual(["two", "one"])
    expect(await namesOf({ text: "UPGRADE" })).toStrictEqual(["one"])
    expect(await namesOf({ text: "t", tag: "db" })).toStrictEqual(["two"])
    const first = await ask("snapshot list", { limit: 2 })
    expect(first.items.map(({ name }) => name)).toStrictEqual(["three", "two"])
    expect(await namesOf({ cursor: first.next })).toStrictEqual(["one"])
    expect(tableOf("snapshot list", first)).toMatch(/NAME +TYPE +TAGS +POSITION.*\nthree +backup +-/)
  })

  it("is of its point: what was deleted since is there, and what has expired is said and left out", async () => {
    const { clock, ask, namesOf, fleet } = await oneHost()
    await ask("snapshot create", { name: "short", expires: "1h" })
    await ask("snapshot create", { name: "long", expires: "2h" })
    const { position } = await fleet.ledger.head()
    expect(await namesOf()).toStrictEqual(["long", "short"])
    clock.advance(hour)
    expect(await namesOf()).toStrictEqual(["long"])
    const all = await ask("snapshot list", { expired: true })
    expect(all.items).toMatchObject([
      { name: "long", expired: false },
      { name: "short", expired: true },
    ])
    expect(tableOf("snapshot list", all)).toContain("expired")
    await ask("snapshot delete", { name: "long" })
    expect(await namesOf()).toStrictEqual([])
    expect(await namesOf({ at: `position:${position}` })).toStrictEqual(["long", "short"])
    // Its point is where it was, expired or not.
    expect((await ask("targets", { at: "snapshot:short" })).items).toHaveLength(1)
  })
})

describe("a point that there is not", () => {
  it("is refused with the snapshot that was meant, or those that there are", async () => {
    const { ask } = await oneHost()
    const sentence = async (at: string) => (await refusalOf(() => ask("targets", { at }))).message
    expect(await sentence("snapshot:before")).toBe(
      'there is no snapshot "before"; "fleet-ledger snapshot create NAME" takes one',
    )
    for (const name of ["before", "last-good"]) await ask("snapshot create", { name })
    expect(await sentence("snapshot:befor")).toBe('there is no snapshot "befor"; did you mean "before"?')
    expect(await sentence("snapshot:quarterly")).toBe(
      'there is no snapshot "quarterly"; the newest are last-good, before',
    )
  })

  it("is refused with the last runs, of which each that is recorded is where it ended", async () => {
    const { fleet, ask, clock } = await oneHost()
    const sentence = async (at: string) => (await refusalOf(() => ask("targets", { at }))).message
    expect(await sentence("run:nightly")).toBe('no run "nightly" is recorded; none is recorded yet')
    const runId = "0d9f1c7e-6a0f-4a3b-9a55-3d3d2f6f4c01"
    const data = {
      source: "here",
      startedAt: clock.now(),
      coverage: { rights: "root", looked: {}, notLooked: {}, complete: { target: true, service: true } },
      targets: 1,
      services: 0,
      changes: 1,
    }
    const completed = {
      type: "DiscoveryCompleted",
      data,
      metadata: { actor: "system", runId },
      observedAt: clock.now(),
    } as const
    const { position } = await fleet.ledger.append(stream("source-here"), -1, [completed], runId)
    const finished = await fleet.ledger.timeOf(position)
    clock.advance(hour)
    await addHost(fleet, "web-2")
    const then = await ask("targets", { at: `run:${runId.toUpperCase()}` })
    expect(then.at).toStrictEqual({ position, time: finished })
    expect(then.items).toHaveLength(1)
    expect(await sentence("run:nightly")).toBe(
      `no run "nightly" is recorded; one that changes nothing often is not; the last are run:${runId} (here, ${finished})`,
    )
  })
})
