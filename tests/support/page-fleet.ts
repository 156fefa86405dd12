/**
 * A folder for the page to be looked at: a simulated fleet that lived until a moment ago, one host that says what harms, and a change that is known. It is served by
 * the real program afterwards, which finds this machine besides.
 */
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
}

/** It says so of itself. */
export const hostileName = "<img src=x onerror=document.title=1>\u202eevil\u200b"

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
  const fleet = await openFleet(simulationConfig(data, env), clock, { sources, alerts: false })
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
    clock.advance(hour / 2)
    await changeKernel(fleet, id, "6.1.0", "6.1.1", source)
    return { changed: { name: "db-main", before: "6.1.0", after: "6.1.1" } }
  } finally {
    await fleet.close()
  }
}
