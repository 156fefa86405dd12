/** Changes that were said to come, and those that are a surprise, as history tells them. */
import { tableOf } from "#cli/tables.js"
import type { NewEvent } from "#events/catalog.js"
import type { Metadata } from "#events/envelope.js"
import type { Fleet } from "#fleet.js"
import { isUnexpected } from "#drift/expected.js"
import { epochMs, instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import { asker } from "#tests/support/asker.js"
import { open } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { stream } from "#tests/support/sample-events.js"
import { addHost, addService, changeKernel } from "#tests/support/scripted-fleet.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

interface Answer extends Record<string, unknown> {
  readonly items: Record<string, unknown>[]
}

async function opened() {
  const clock = new TestClock()
  const fleet = await open(await tempFolder(), "{}", clock)
  const ask = asker<Answer>(fleet)
  /** How the newest change is told. */
  const last = async () => (await ask("history", { limit: 1 })).items[0]
  return { clock, fleet, ask, last }
}

async function upgrade(fleet: Fleet, id: string, version: string, more: Partial<Metadata> = {}): Promise<Position> {
  const patch = [{ op: "add" as const, path: "/packages/pkg:nginx", value: { version } }]
  const metadata = { actor: "discovery", source: "here", ...more }
  const event: NewEvent = {
    type: "TargetChanged",
    data: { facet: "packages", patch },
    metadata,
    observedAt: fleet.clock.now(),
  }
  const name = stream(`target-${id}`)
  const { position } = await fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [event], `nginx ${version}`)
  await fleet.reached(position)
  return position
}

describe("a change", () => {
  it("is expected where it was said to come: what, of whom, when and by whom", async () => {
    const { clock, fleet, ask, last } = await opened()
    const [web, db] = [await addHost(fleet, "web-1"), await addHost(fleet, "db-1")]
    await upgrade(fleet, web, "1")
    expect(await last()).toMatchObject({ expectation: null, intent: null })
    const added = await ask("expect add", {
      q: "name:web-*",
      field: "packages",
      by: "ada",
      until: "+2h",
      reason: "new nginx",
      ticket: "OPS-12",
    })
    const came = await upgrade(fleet, web, "2", { by: "ada" })
    expect(await last()).toMatchObject({ expectation: "expected", intent: added["id"] })
    expect(tableOf("history", await ask("history", { limit: 1 }))).toContain("expected")
    await upgrade(fleet, web, "3", { by: "eve" })
    expect(await last()).toMatchObject({ expectation: null })
    await upgrade(fleet, db, "2", { by: "ada" })
    expect(await last()).toMatchObject({ expectation: null })
    await changeKernel(fleet, web, "6.1.0", "6.1.1")
    expect(await last()).toMatchObject({ expectation: null })
    const listed = await ask("expect list")
    expect(listed.items).toMatchObject([
      {
        id: added["id"],
        state: "open",
        where: "name:web-*",
        fields: ["/packages"],
        ticket: "OPS-12",
        actor: "user:ada",
      },
    ])
    expect(listed.items[0]).toMatchObject({ changes: 1, lastChange: came })
    expect(tableOf("expect list", listed)).toContain("OPS-12")
    clock.advance(2 * 3_600_000 + 1_000)
    await upgrade(fleet, web, "4", { by: "ada" })
    expect(await last()).toMatchObject({ expectation: null })
    expect((await ask("expect list")).items).toEqual([])
    expect((await ask("expect list", { over: true })).items).toMatchObject([{ state: "over" }])
    // What was expected is so for good, whatever is withdrawn later.
    await ask("expect withdraw", { id: added["id"] })
    const kinds = (await ask("history", { entity: "web-1", order: "oldest" })).items.map((each) => each["expectation"])
    expect(kinds).toEqual([null, null, "expected", null, null, null])
    expect((await fleet.rebuild(() => {}, new AbortController().signal)).equal).toBe(true)
  })

  it("is expected by when it was done, where that is known, and only once where that was said", async () => {
    const { clock, fleet, ask } = await opened()
    const web = await addHost(fleet, "web-1")
    await ask("expect add", { field: "packages", until: "+1h", once: true })
    const done = instant(epochMs(clock.now()) + 60_000)
    clock.advance(2 * 3_600_000)
    const name = stream(`target-${web}`)
    const event: NewEvent = {
      type: "TargetChanged",
      data: { facet: "packages", patch: [{ op: "add", path: "/packages/pkg:vim", value: { version: "1" } }] },
      metadata: { actor: "discovery", source: "here" },
      observedAt: clock.now(),
      occurredAt: done,
    }
    await fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [event], "late")
    const again: NewEvent = {
      ...event,
      data: { facet: "packages", patch: [{ op: "add", path: "/packages/pkg:vim", value: { version: "2" } }] },
    }
    const { position } = await fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [again], "again")
    await fleet.reached(position)
    const [second, first] = (await ask("history", { limit: 2 })).items
    expect([first?.["expectation"], second?.["expectation"]]).toEqual(["expected", null])
  })

  it("is a surprise where something was pinned, or by its kind; upgrades that run by themselves are none", async () => {
    const { fleet, ask, last } = await opened()
    const web = await addHost(fleet, "web-1")
    await ask("pin", { name: "golden", q: "name:web-*" })
    await upgrade(fleet, web, "1")
    expect(await last()).toMatchObject({ expectation: "surprising", intent: null })
    expect(tableOf("history", await ask("history", { limit: 1 }))).toContain("surprising")
    expect((await ask("drift")).items[0]?.["since"]).toMatchObject({ expectation: "surprising" })
    const at = await upgrade(fleet, web, "2", { reason: "/usr/bin/unattended-upgrade" })
    expect(await last()).toMatchObject({ expectation: "expected", intent: null })
    const [event] = await fleet.ledger.readAt([at])
    expect(event && (await isUnexpected(fleet.views, event))).toBe(false)
    // What somebody says here is on purpose; what is new on a pinned machine is not pinned with it.
    await ask("tag add", { target: "web-1", tag: "pci" })
    expect(await last()).toMatchObject({ type: "TargetTagged", expectation: null })
    await addService(fleet, web, "nginx")
    expect(await last()).toMatchObject({ type: "ServiceDiscovered", expectation: null })
    await addHost(fleet, "web-2")
    expect(await last()).toMatchObject({ type: "TargetDiscovered", expectation: "surprising" })
    await addHost(fleet, "db-1")
    expect(await last()).toMatchObject({ expectation: null })
    const gone: NewEvent = {
      type: "TargetRetired",
      data: { from: "observed" },
      metadata: { actor: "discovery", source: "here" },
      observedAt: fleet.clock.now(),
    }
    await ask("withdraw", { name: "golden" })
    const { position } = await fleet.ledger.append(
      stream(`target-${web}`),
      await fleet.ledger.revisionOf(stream(`target-${web}`)),
      [gone],
      "gone",
    )
    await fleet.reached(position)
    expect(await last()).toMatchObject({ type: "TargetRetired", expectation: "surprising" })
  })

  it("is found by whether it was said to come, however many others lie between", async () => {
    const { fleet, ask } = await opened()
    const web = await addHost(fleet, "web-1")
    await ask("expect add", { q: "name:web-*", field: "packages", until: "+2h" })
    await upgrade(fleet, web, "1")
    for (const n of [0, 1, 2, 3, 4, 5, 6]) await changeKernel(fleet, web, `6.1.${n}`, `6.1.${n + 1}`)
    const { items } = await ask("history", { expectation: "expected", limit: 2 })
    expect(items).toMatchObject([{ type: "TargetChanged", expectation: "expected" }])
    expect(await ask("history", { expectation: "surprising" })).toMatchObject({ items: [], next: null })
  })

  it.each([
    [{ until: "+2h" }, /say what is to come/],
    [{ field: "packages", until: "-2h" }, /"until" is .*, which is not after/],
    [{ field: "packages", until: "+9000d" }, /more than a year/],
    [{ field: "pakages", until: "+2h" }, /no facet "pakages"; did you mean "packages"/],
    [{ type: "TargetChangd", until: "+2h" }, /did you mean "TargetChanged"/],
    [{ q: "rle:production", until: "+2h" }, /did you mean "role"/],
    [{ q: "name:web", until: "soon" }, /soon/],
  ])("is not expected by %j", async (input, message) => {
    const { ask } = await opened()
    expect((await refusalOf(() => ask("expect add", input))).message).toMatch(message)
  })
})
