/** A fleet that does not exist, through everything that a real one goes through. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { RecordedEvent } from "#events/catalog.js"
import { defaultPolicy } from "#events/policy.js"
import type { LoadedConfig } from "#config/load.js"
import { facetsOf } from "#discovery/facets.js"
import type { Observation } from "#discovery/observation.js"
import { reconcile } from "#discovery/reconcile.js"
import { type Fleet, openFleet } from "#fleet.js"
import { systemClock } from "#kernel/clock.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { origin } from "#kernel/point.js"
import { ledgerStream } from "#ledger/port.js"
import { verify } from "#ledger/proof/verify.js"
import { dataPercent, isCutOff, isHidden, isUnreachable } from "#simulation/days.js"
import { type FleetSize, SimulatedFleet, type Site } from "#simulation/fleet.js"
import { simulate, simulationConfig } from "#simulation/simulate.js"
import { simulatedSource } from "#simulation/source.js"
import { SimulatedClock, day, hour } from "#simulation/time.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it, onTestFinished } from "vitest"
import type { ZodType } from "zod"

const forever = new AbortController().signal
const fail = (error: unknown) => {
  throw error
}
const watching = { progress: () => {}, signal: forever, failed: fail }
const small = { targets: 4, services: 3, days: 1, seed: 7, every: 8 * hour }

async function emptyFolder(): Promise<LoadedConfig> {
  const folder = await tempFolder()
  return simulationConfig(path.join(folder, "data"), { FLEET_LEDGER_KEYS: path.join(folder, "keys") })
}

async function open(config: LoadedConfig): Promise<Fleet> {
  const fleet = await openFleet(config, systemClock)
  onTestFinished(() => fleet.close())
  return fleet
}

/** What must be the same whenever the fleet is made up again: all but ids of runs, salts, and checkpoints, whose time and keys are real. */
async function told(config: LoadedConfig): Promise<unknown[]> {
  const fleet = await open(config)
  const events = await fleet.ledger.readAll({ after: origin, limit: 100_000 })
  return events
    .filter(({ stream }) => stream !== ledgerStream)
    .map(({ stream, type, data, observedAt, recordedAt }) => ({ stream, type, data, observedAt, recordedAt }))
}

/** A fleet of one site, looked at when the test says. */
async function lookedAt(size: FleetSize) {
  const clock = new SimulatedClock()
  const simulated = new SimulatedFleet(size)
  const site = simulated.sites[0] as Site
  const source = simulatedSource(site, simulated, clock)
  const see = (time: number) => {
    clock.moveTo(time)
    return source.look(forever)
  }
  const fleet = await openFleet(await emptyFolder(), clock, { sources: [source] })
  onTestFinished(() => fleet.close())
  return {
    simulated,
    site,
    see,
    lookAt: async (time: number) => {
      clock.moveTo(time)
      return fleet.discovery.look(source, { actor: "system", signal: forever })
    },
    historyOf: async (nativeKey: string): Promise<readonly RecordedEvent[]> => {
      const stream = `target-${recordId(source.name, "target", nativeKey)}` as StreamName
      return fleet.ledger.readStream(stream, { limit: 1_000 })
    },
  }
}

/** The first hour from which on `holds` is true, in the first months. */
async function firstHour(holds: (time: number) => boolean | Promise<boolean>): Promise<number> {
  for (let time = hour; time < 200 * day; time += hour) if (await holds(time)) return time
  throw new Error("it never happens")
}

describe("a simulation", () => {
  it("is the same for the same seed, and another one for another", async () => {
    const [one, same, other] = [await emptyFolder(), await emptyFolder(), await emptyFolder()]
    const done = await simulate(one, small, watching)
    expect(done).toMatchObject({ targets: 4, services: 12, looks: 3 })
    await simulate(same, small, watching)
    await simulate(other, { ...small, seed: 8 }, watching)
    const events = await told(one)
    expect(events.length).toBeGreaterThan(16)
    expect(await told(same)).toEqual(events)
    expect(await told(other)).not.toEqual(events)
  })

  it("leaves a folder like any other: sealed, verified, with views that a rebuild makes again", async () => {
    const config = await emptyFolder()
    const { events } = await simulate(config, small, watching)
    const fleet = await open(config)
    const { wrong } = await verify(fleet.ledger, { checkpoints: [] }, () => {}, forever)
    expect([wrong, (await fleet.sealer.latest())?.size]).toEqual([null, events])
    expect(await fleet.rebuild(() => {}, forever)).toMatchObject({ equal: true })
  })

  it("leaves one too when it is cancelled", async () => {
    const config = await emptyFolder()
    const abort = new AbortController()
    const progress = (done: number) => done === 2 && abort.abort()
    const { code, message } = await refusalOf(() =>
      simulate(config, small, { ...watching, progress, signal: abort.signal }),
    )
    expect([code, message]).toEqual(["Cancelled", expect.stringContaining("after 2 of 3 looks")])
    const fleet = await open(config)
    const { wrong, events } = await verify(fleet.ledger, { checkpoints: [] }, () => {}, forever)
    expect([wrong, events]).toEqual([null, expect.toSatisfy((count: number) => count > 16)])
  })

  it("is refused in a folder that holds anything, which stays as it is", async () => {
    const config = await emptyFolder()
    fs.mkdirSync(config.data)
    fs.writeFileSync(path.join(config.data, "ledger.db"), "a real one")
    const { code, message } = await refusalOf(() => simulate(config, small, watching))
    expect([code, message]).toEqual(["InvalidInput", expect.stringContaining("is not empty")])
    expect(fs.readdirSync(config.data)).toEqual(["ledger.db"])
  })

  it("takes nothing but keys from what is configured for the real fleet", async () => {
    const folder = await tempFolder()
    const file = path.join(folder, "fleet-ledger.yaml")
    fs.writeFileSync(file, `keys: ${folder}/keys\ncheckpoints: { webhook: https://witness.example }`)
    const { keys, checkpoints } = simulationConfig(path.join(folder, "data"), { FLEET_LEDGER_CONFIG: file })
    expect([keys, checkpoints.webhook]).toEqual([`${folder}/keys`, undefined])
  })
})

describe("a simulated fleet", () => {
  it("writes nothing on a day on which nothing happens, though every look measures something else", async () => {
    const fleet = await lookedAt({ targets: 1, services: 4, seed: 3 })
    const seen = new Map<number, string>()
    const recordable = async (time: number) => {
      const known = seen.get(time) ?? (await recordableAt(fleet.see(time)))
      seen.set(time, known)
      return known
    }
    const { simulated, site } = fleet
    const dataAt = (time: number) =>
      simulated.hostsAt(site, time).map((host) => dataPercent(simulated.chance, host, time))
    const start = await firstHour(async (time) => {
      if (String(dataAt(time)) !== String(dataAt(time + day))) return false
      for (let later = 1; later <= 24; later++)
        if ((await recordable(time)) !== (await recordable(time + later * hour))) return false
      return true
    })
    expect((await fleet.lookAt(start)).changes).toBeGreaterThan(4)
    for (let later = 1; later <= 24; later++) {
      expect([later, (await fleet.lookAt(start + later * hour)).changes]).toEqual([later, 0])
    }
    expect(await fleet.see(start)).not.toEqual({ ...(await fleet.see(start + hour)), observedAt: expect.anything() })
  })

  it("has disks that fill up for days, through every band, until somebody cleans up", async () => {
    const { lookAt, historyOf } = await lookedAt({ targets: 1, services: 0, seed: 12 })
    for (let time = 0; time < 9 * day; time += 6 * hour) await lookAt(time)
    const statuses = (await historyOf("pve-0")).flatMap((event) =>
      event.type === "TargetResourceStatusChanged" ? [`${event.data.resource} ${event.data.to}`] : [],
    )
    expect(statuses).toEqual(["fs:/srv warning", "fs:/srv critical", "fs:/srv healthy"])
  })

  it("has machines that do not answer for hours, which are not taken for gone", async () => {
    const { simulated, site, lookAt, historyOf } = await lookedAt({ targets: 2, services: 1, seed: 1 })
    const hostIn = (time: number) => simulated.hostsAt(site, time)[1]
    const isAway = (time: number) => {
      const host = hostIn(time)
      return host !== undefined && isUnreachable(simulated.chance, host, time)
    }
    const start = await firstHour((time) => !isAway(time - hour) && [0, 1, 2, 3].every((h) => isAway(time + h * hour)))
    const name = hostIn(start)?.nativeKey ?? ""
    await lookAt(start - hour)
    for (let later = 0; later < 4; later++) {
      expect((await lookAt(start + later * hour)).failed.map(({ target }) => target)).toContain(name)
    }
    expect(typesOf(await historyOf(name))).toEqual(["TargetDiscovered"])
  })

  it("has machines that are taken away, which are retired after as many looks as the policy asks", async () => {
    const { simulated, site, lookAt, historyOf } = await lookedAt({ targets: 1, services: 1, seed: 2 })
    const isThere = (time: number) => simulated.hostsAt(site, time).length === 1
    const start = await firstHour((time) => isThere(time - hour) && !isThere(time))
    const [{ nativeKey } = { nativeKey: "" }] = simulated.hostsAt(site, start - hour)
    await lookAt(start - hour)
    const { retireAfterLooks } = defaultPolicy
    for (let look = 1; look < retireAfterLooks; look++) await lookAt(start + look * hour)
    expect(typesOf(await historyOf(nativeKey))).toEqual(["TargetDiscovered", "TargetUnseen"])
    await lookAt(start + retireAfterLooks * hour)
    expect(typesOf(await historyOf(nativeKey))).toEqual(["TargetDiscovered", "TargetUnseen", "TargetRetired"])
  })

  it("has hours in which nothing at all answers, of which nothing is concluded", async () => {
    const { simulated, site, lookAt } = await lookedAt({ targets: 1, services: 1, seed: 1 })
    const isDown = (time: number) => isCutOff(simulated.chance, site, time)
    const start = await firstHour((time) => !isDown(time - hour) && isDown(time))
    await lookAt(start - hour)
    expect(await lookAt(start)).toMatchObject({ outcome: "failed", changes: 0, message: expect.any(String) })
  })

  it("loses sight of most machines at once, which nobody believes", async () => {
    const { simulated, site, lookAt } = await lookedAt({ targets: 10, services: 0, seed: 3 })
    const hidden = (time: number) =>
      simulated.hostsAt(site, time).filter((host) => isHidden(simulated.chance, site, host, time))
    const start = await firstHour((time) => hidden(time).length > 0)
    await lookAt(start - hour)
    expect(await lookAt(start)).toMatchObject({ held: 6 })
  })
})

const typesOf = (events: readonly RecordedEvent[]) => events.map(({ type }) => type)

/** What of a look could stand in an event. */
async function recordableAt(look: Promise<{ readonly observations: readonly Observation[] }>): Promise<string> {
  const { observations } = await look.catch(() => ({ observations: [] }))
  return JSON.stringify(
    observations.map(({ kind, nativeKey, facets }) => [
      nativeKey,
      Object.entries<ZodType>(facetsOf[kind]).map(([name, schema]) => {
        const observed = facets[name]
        return observed === undefined ? name : reconcile(schema, undefined, observed)
      }),
    ]),
  )
}
