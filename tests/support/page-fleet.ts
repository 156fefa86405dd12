/**
 * A folder for the page to be looked at: a simulated fleet that lived until a moment ago, one host that says what harms, and a change that is known. It is served by
 * the real program afterwards, which finds this machine besides.
 */
import type { Source } from "#discovery/observation.js"
import type { Clock } from "#kernel/clock.js"
import { simulationConfig } from "#simulation/simulate.js"
import { SimulatedFleet } from "#simulation/fleet.js"
import { simulatedSource } from "#simulation/source.js"
import { SimulatedClock } from "#simulation/time.js"
import { openFleet } from "#fleet.js"
import { addHost, addService, changeKernel } from "./scripted-fleet.js"
import { TestClock } from "./test-clock.js"

const hour = 3_600_000
/** One that is not looked at again, so that nobody misses what it told. */
const source = "elsewhere"

export interface PageFleet {
  /** Of a host whose kernel went from `before` to `after`. */
  readonly changed: { readonly name: string; readonly before: string; readonly after: string }
  /** Names by which two sources each know a machine, with nothing else that says whether it is one. */
  readonly doubtful: readonly [string, string]
}

/** It says so of itself. */
export const hostileName = "<img src=x onerror=document.title=1>\u202eevil\u200b"

const doubtful = ["store", "vault"] as const

/** Two sources that know machines by name alone. */
function doubtfully(clock: Clock): readonly Source[] {
  const coverage = { rights: "root", looked: {}, notLooked: {}, complete: { target: true, service: true } }
  const observations = doubtful.map((name) => ({
    kind: "target" as const,
    nativeKey: name,
    facets: { identity: { name, hostname: name } },
  }))
  return ["racks", "purchases"].map((name) => ({
    name,
    kind: "scripted",
    look: async () => ({ observedAt: clock.now(), observations, coverage }),
  }))
}

/** @param env that the program is run with afterwards: where its keys are */
export async function fillForPage(data: string, env: NodeJS.ProcessEnv): Promise<PageFleet> {
  const [hours, every] = [96, 4]
  const clock = new TestClock(new Date(Date.now() - (hours + 1) * hour).toISOString())
  const simulatedClock = new SimulatedClock()
  const simulated = new SimulatedFleet({ targets: 24, services: 3, seed: 7 })
  const sources = simulated.sites.map((site) => {
    const ofSite = simulatedSource(site, simulated, simulatedClock)
    const look = async (signal: AbortSignal) => ({ ...(await ofSite.look(signal)), observedAt: clock.now() })
    return { ...ofSite, look }
  })
  const fleet = await openFleet(simulationConfig(data, env), clock, {
    sources: [...sources, ...doubtfully(clock)],
    alerts: false,
  })
  try {
    for (let hour_ = 0; hour_ < hours; hour_ += every) {
      simulatedClock.moveTo(hour_ * hour)
      for (const each of sources)
        await fleet.discovery.look(each, { actor: "system", signal: new AbortController().signal })
      clock.advance(every * hour)
    }
    const id = await addHost(fleet, "db-main", { "pkg:openssl": { version: "3.0.1" } }, source)
    await addService(fleet, id, "postgres", source)
    await addHost(fleet, hostileName, {}, source)
    for (const each of doubtfully(clock))
      await fleet.discovery.look(each, { actor: "system", signal: new AbortController().signal })
    clock.advance(hour / 2)
    await changeKernel(fleet, id, "6.1.0", "6.1.1", source)
    return { changed: { name: "db-main", before: "6.1.0", after: "6.1.1" }, doubtful }
  } finally {
    await fleet.close()
  }
}
