/** What discovery raises as an alert: once for each trouble, whatever repeats in between. */
import type { NewEvent } from "#events/catalog.js"
import { noStream } from "#ledger/port.js"
import { addHost, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { stream } from "#tests/support/sample-events.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { expect, it } from "vitest"

it("raises mass absence when it begins, not with every account of it, and again when it comes again", async () => {
  const clock = new TestClock()
  const fleet = await scriptedFleet(clock)
  const account = (held?: number): NewEvent => ({
    type: "DiscoveryCompleted",
    data: {
      source: "pve",
      startedAt: clock.now(),
      coverage: {
        rights: "token",
        looked: {},
        notLooked: {},
        complete: { target: true, service: true },
        ...(held === undefined ? {} : { held }),
      },
      targets: 0,
      services: 0,
      changes: 0,
    },
    metadata: { actor: "system", source: "pve" },
    observedAt: clock.now(),
  })
  const told = [account(), account(7), account(7), account(), account(6)]
  await fleet.ledger.append(stream("source-pve"), noStream, told, "accounts")
  const alerts = async () => {
    const raised = await fleet.ledger.readAll({ after: -1 as never, types: ["AlertRaised"], limit: 10 })
    return raised.map(({ data }) => ("title" in data ? data.title : ""))
  }
  await until(async () => (await alerts()).length === 2)
  await until(async () => (await fleet.subscriptions.list()).every(({ lag }) => lag === 0))
  expect(await alerts()).toStrictEqual([expect.stringContaining("7 machines"), expect.stringContaining("6 machines")])
})

it("raises a changed host key", async () => {
  const fleet = await scriptedFleet(new TestClock())
  const id = await addHost(fleet, "nas")
  const said = { metadata: { actor: "discovery" }, observedAt: fleet.clock.now() } as const
  const access = { op: "add", path: "/access", value: { offeredHostKey: null } } as const
  await fleet.ledger.append(
    stream(`target-${id}`),
    0,
    [
      { type: "TargetChanged", data: { facet: "access", patch: [access] }, ...said },
      { type: "HostKeyChanged", data: { from: null, to: "SHA256:other" }, ...said },
    ],
    "key",
  )
  const raised = () => fleet.ledger.readAll({ after: -1 as never, types: ["AlertRaised"], limit: 10 })
  await until(async () => (await raised()).length === 1)
  expect((await raised())[0]?.data).toMatchObject({ rule: "host-key-changed", about: { kind: "target", id } })
})
