/** Thousands of machines that are gone at once, each by an event of its own: what the rules make of it, and what people are told. */
import type { FleetEvent } from "#events/catalog.js"
import { discovered, host } from "#tests/support/alerting.js"
import { open } from "#tests/support/folder-fleet.js"
import { Receiver } from "#tests/support/receiver.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { expect, it } from "vitest"

/** 5,000 were tried too. */
const count = 300

it("a storm is one message, and so is its end", async () => {
  const receiver = await Receiver.start()
  const channels = [{ name: "hook", kind: "webhook", url: receiver.url, groupFor: "1s" }]
  const clock = new TestClock()
  const configuration = JSON.stringify({ alerts: { channels } })
  const fleet = await open(await tempFolder(), configuration, clock)
  const names = Array.from({ length: count }, (_, index) => `web-${index}`)
  const happen = async (event: (name: string) => FleetEvent, command: string) => {
    await Promise.all(
      names.map(async (name) => {
        const on = stream(host(name))
        const whole = { ...event(name), metadata, observedAt }
        await fleet.ledger.append(on, await fleet.ledger.revisionOf(on), [whole], command)
      }),
    )
    await until(async () => (await fleet.subscriptions.list()).every(({ lag }) => lag === 0))
  }
  await happen(discovered, "seen")
  const sending = fleet.delivery.start(() => {})
  await happen(() => ({ type: "TargetUnseen", data: {} }), "unseen")
  clock.advance(60_000)
  await until(() => receiver.taken.length > 0)
  await happen(() => ({ type: "TargetReappeared", data: { from: "unseen" } }), "back")
  clock.advance(60_000)
  await until(() => receiver.taken.length > 1)
  await sending.stop()
  expect(receiver.requests.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
    { type: "alert.raised", rule: "target-unreachable", count },
    { type: "alert.resolved", rule: "target-unreachable", count },
  ])
})
