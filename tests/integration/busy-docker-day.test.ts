/**
 * A day of a busy Docker host by a simulated clock, looked at every five minutes by what understands Linux and by the Docker source. Of the builds, tests,
 * jobs, layers, bridges and ports that come and go on it, only what a person would call a change makes events: the list is printed.
 */
import type { RecordedEvent } from "#events/catalog.js"
import { linuxObservations } from "#discovery/facts/linux.js"
import type { Source } from "#discovery/observation.js"
import { runDiscovery } from "#discovery/run.js"
import { dockerSource } from "#discovery/sources/docker.js"
import { thisMachine } from "#discovery/sources/local.js"
import { type Clock, epochMs } from "#kernel/clock.js"
import { changes } from "#tests/support/busy-docker-host/changes.js"
import { containers, dayBegins, thereAt } from "#tests/support/busy-docker-host/day.js"
import { busyEngine } from "#tests/support/busy-docker-host/engine.js"
import { materialsAt } from "#tests/support/busy-docker-host/host.js"
import { toldBy } from "#tests/support/busy-docker-host/told.js"
import { discoveryBench, minute } from "#tests/support/discovery-bench.js"
import { expect, it } from "vitest"

const looks = 288
const isAccount = ({ stream }: RecordedEvent) => stream.startsWith("source-")

/** Looks as the local source does once it has the texts. */
function hostAt(clock: Clock): Source {
  return {
    name: "host",
    kind: "local",
    look: async () => {
      const observedAt = clock.now()
      const { observations, ...coverage } = linuxObservations(materialsAt(epochMs(observedAt)), thisMachine)
      return { observedAt, observations, coverage: { rights: "root", ...coverage } }
    },
  }
}

/** What the day made: change events as lines, accounts of looks, and how many containers the looks found. */
async function busyDay() {
  const { clock, ports, request, news, views } = await discoveryBench()
  clock.advance(dayBegins - epochMs(clock.now()))
  const overSsh = () => ({ connect: () => Promise.reject(new Error("not by ssh")) })
  const docker = dockerSource("docker", { host: `unix://${await busyEngine(clock)}` }, { clock, overSsh })
  const sources = [hostAt(clock), docker]
  const found = new Set<string>()
  const look = async () => {
    for (const source of sources) await runDiscovery(source, ports, request)
    for (const { id } of thereAt(containers, epochMs(clock.now()))) found.add(id)
  }
  await look()
  await news()
  const events: RecordedEvent[] = []
  for (let i = 0; i < looks; i++) {
    clock.advance(5 * minute)
    await look()
    events.push(...(await news()))
  }
  const told: string[] = []
  for (const event of events.filter((one) => !isAccount(one))) {
    const record = await views.inventory.record(event.stream.slice(event.stream.indexOf("-") + 1))
    const name = record && (await views.inventory.value(record.no, "/identity/name", event.position))
    told.push(toldBy(event, typeof name === "string" ? name : event.stream))
  }
  return { told, accounts: events.filter(isAccount), found: found.size }
}

/** Each under what a person would say of it, as a list to be read. */
function listOf(told: readonly string[]): string {
  let last: string | undefined
  const lines = told.flatMap((line) => {
    const because = changes.find(({ events }) => events.includes(line))?.because ?? "nobody would call this a change"
    const isNews = because !== last
    last = because
    return isNews ? [because, `  ${line}`] : [`  ${line}`]
  })
  return lines.join("\n")
}

it("makes the events that a person would call a change, and no others", async () => {
  const { told, accounts, found } = await busyDay()
  console.info(`A busy Docker host, ${looks} looks, ${found} containers found, ${told.length} events:\n${listOf(told)}`)
  expect(told).toStrictEqual(changes.flatMap(({ events }) => events))
  // Nor do looks that changed nothing give more of an account than one an hour and source.
  const idle = accounts.filter(({ type, data }) => type !== "DiscoveryCompleted" || data.changes === 0)
  expect(idle.length).toBeLessThanOrEqual(2 * 24)
  expect(found).toBeGreaterThan(150)
}, 120_000)
