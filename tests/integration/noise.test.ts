/** Which fields make the most events, on a small history. */
import { tableOf } from "#cli/tables.js"
import type { NewEvent } from "#events/catalog.js"
import type { Fleet } from "#fleet.js"
import type { StreamName } from "#kernel/ids.js"
import { asker } from "#tests/support/asker.js"
import { addHost, addService, changeKernel, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { expect, it } from "vitest"

const hour = 3_600_000

const ask = async (fleet: Fleet, input: Record<string, unknown> = {}) =>
  asker<{ items: Record<string, unknown>[] }>(fleet, "read")("noise", input)

async function change(fleet: Fleet, stream: string, event: Pick<NewEvent, "type" | "data">): Promise<void> {
  const metadata = { actor: "discovery", source: "here" }
  const stamped = { ...event, metadata, observedAt: fleet.clock.now() } as NewEvent
  const name = stream as StreamName
  await fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [stamped], "test")
}

/** Eight hours ago two hosts; since then a kernel that changed three times, a service that failed twice, and an upgrade of two packages. */
async function history() {
  const clock = new TestClock()
  const fleet = await scriptedFleet(clock)
  const nas = await addHost(fleet, "nas", { "pkg:nginx": { version: "1" }, "pkg:bash": { version: "5" } })
  const web = await addHost(fleet, "web")
  const service = await addService(fleet, nas, "nginx")
  clock.advance(hour)
  await change(fleet, `service-${service}`, { type: "ServiceStateChanged", data: { from: "running", to: "failed" } })
  clock.advance(48 * hour)
  await change(fleet, `service-${service}`, { type: "ServiceStateChanged", data: { from: "failed", to: "running" } })
  await changeKernel(fleet, nas, "6.1.0", "6.1.1")
  await changeKernel(fleet, nas, "6.1.1", "6.1.2")
  const upgraded = ["nginx", "bash"].map((name) => ({
    op: "replace" as const,
    path: `/packages/pkg:${name}/version`,
    value: "9",
  }))
  await change(fleet, `target-${nas}`, { type: "TargetChanged", data: { facet: "packages", patch: upgraded } })
  await changeKernel(fleet, web, "6.1.0", "6.1.1")
  clock.advance(23 * hour)
  return fleet
}

const here = { source: "here" }

it("are named with their items as one, by how many events altered them, without what was discovered", async () => {
  const fleet = await history()
  const answer = await ask(fleet)
  expect(answer).toMatchObject({
    since: "2026-11-23T14:00:00.000Z",
    items: [
      { ...here, field: "/os/kernel", kind: "target", events: 3, perDay: 1, example: { name: "web" } },
      { ...here, field: "/state/status", kind: "service", events: 2, perDay: 0.7, example: { name: "nginx" } },
      { ...here, field: "/packages/*", kind: "target", events: 1, perDay: 0.3, example: { name: "nas" } },
    ],
  })
  expect(answer.items).toHaveLength(3)
  expect(tableOf("noise", answer)).toMatch(/FIELD +KIND +SOURCE +EVENTS +PER DAY +EXAMPLE\n\/os\/kernel +target/)
})

it("are those of a shorter time, of an earlier point, or the first few, when that is asked for", async () => {
  const fleet = await history()
  const counts = async (input: Record<string, unknown>) =>
    (await ask(fleet, input)).items.map(({ field, events }) => [field, events])
  expect(await counts({ since: "-24h", limit: 2 })).toStrictEqual([
    ["/os/kernel", 3],
    ["/packages/*", 1],
  ])
  expect(await counts({ at: "-25h" })).toStrictEqual([["/state/status", 1]])
  expect(await counts({ since: "-1h" })).toStrictEqual([])
})
