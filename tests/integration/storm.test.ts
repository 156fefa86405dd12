/** Much that happens at once, or again and again, each by an event of its own: what the rules make of it, and what people are told. */
import { tellDeadlines } from "#alerts/deadlines.js"
import type { Observation, Source } from "#discovery/observation.js"
import type { FleetEvent } from "#events/catalog.js"
import { openFleet } from "#fleet.js"
import { discovered, host } from "#tests/support/alerting.js"
import { everywhere } from "#tests/support/discovery-bench.js"
import { configIn, open, populate } from "#tests/support/folder-fleet.js"
import { Receiver } from "#tests/support/receiver.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { whenFinished } from "#tests/support/when-finished.js"
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

it("a burst of 5,000 events leaves nobody behind, and nothing aside", async () => {
  const fleet = await open(await tempFolder())
  const position = await populate(fleet, 2_500)
  const isBehind = async () => (await fleet.subscriptions.list()).some(({ lag }) => lag > 0)
  await until(async () => !(await isBehind()))
  const followers = await fleet.subscriptions.list()
  expect(followers.map(({ name }) => name)).toEqual(expect.arrayContaining(["views", "alerts"]))
  for (const follower of followers) expect(follower).toMatchObject({ position, deadLetters: 0, state: "active" })
})

it("a service that fails and comes back sixty times is one episode once it is known to: its beginning is told, and its end when it has been calm", async () => {
  const receiver = await Receiver.start()
  const channels = [{ name: "hook", kind: "webhook", url: receiver.url }]
  const clock = new TestClock()
  let status = "running"
  const coverage = { rights: "root", looked: {}, notLooked: {}, complete: everywhere }
  const look = async () => ({ observedAt: clock.now(), observations: seen(status), coverage })
  const source: Source = { name: "engine", kind: "docker", look }
  const config = configIn(await tempFolder(), JSON.stringify({ alerts: { channels, escalate: [] } }))
  const fleet = await openFleet(config, clock, { sources: [source] })
  const sending = fleet.delivery.start(() => {})
  whenFinished(async () => {
    await sending.stop()
    await fleet.close()
  })
  const settled = () =>
    until(async () => {
      const isBehind = (await fleet.subscriptions.list()).some(({ lag }) => lag > 0)
      return !isBehind && (await tellDeadlines(fleet)) === 0
    })
  const looks = async (times: number, is: (look: number) => string) => {
    for (let number = 0; number < times; number++) {
      clock.advance(60_000)
      status = is(number)
      await fleet.discovery.look(source, { actor: "system", signal: new AbortController().signal })
      await settled()
    }
  }
  await looks(1, () => "running")
  await looks(120, (number) => (number % 2 === 0 ? "failed" : "running"))
  await looks(40, () => "running")
  clock.advance(60_000)
  await until(() => receiver.requests.length > 3)
  // That it would come again nobody knew the first time.
  const once = ["alert.raised", "alert.resolved"].map((type) => ({ type, rule: "service-failed", count: 1 }))
  expect(receiver.requests.map(({ body }) => JSON.parse(body) as object)).toMatchObject([...once, ...once])
})

const seen = (status: string): readonly Observation[] => [
  { kind: "target", nativeKey: "docker", facets: { identity: { name: "docker" } } },
  {
    kind: "service",
    nativeKey: "app",
    on: "docker",
    facets: { identity: { name: "app", runtime: "docker" }, state: { status } },
  },
]
