/**
 * Lets a fleet that does not exist live for some days, and records it as a real one is recorded: the same looks, decisions, ledger, views and seals, only by a
 * clock that is moved from look to look. What the seed says, happens; runs, salts and checkpoints are each run's own.
 */
import * as fs from "node:fs"
import Database from "better-sqlite3"
import { type LoadedConfig, loadConfig } from "#config/load.js"
import { configSchema } from "#config/schema.js"
import { FleetError } from "#kernel/errors.js"
import type { Watching } from "#kernel/watching.js"
import { type Fleet, openFleet } from "../fleet.js"
import type { Folder } from "../folder.js"
import { type FleetSize, SimulatedFleet } from "./fleet.js"
import { simulatedSource } from "./source.js"
import { SimulatedClock, day } from "./time.js"

export interface SimulationRequest extends FleetSize {
  readonly days: number
  /** Milliseconds between looks at a site. */
  readonly every: number
}

export interface SimulationWatching extends Watching {
  /** Hears of checkpoints that could not be made. */
  readonly failed: (error: unknown) => void
}

export interface Simulated {
  /** That are there at the end. */
  readonly targets: number
  readonly services: number
  readonly stacks: number
  readonly looks: number
  readonly events: number
  /** Of them those that say what was found, and what changed. */
  readonly changes: number
  readonly seconds: number
  /** For each target: what the first look took, and what a year like these days takes besides, if there was more than the first look. */
  readonly bytesAtFirst: number
  readonly bytesPerYear: number | undefined
}

/**
 * What is configured for the real fleet does not count: neither its cluster, nor who hears of its checkpoints. Only its keys are used, so that everything that
 * works on a real folder works on this one.
 */
export function simulationConfig(data: string, env: NodeJS.ProcessEnv): LoadedConfig {
  const loaded = loadConfig({ data }, env)
  const config = configSchema.parse({})
  return { ...config, data: loaded.data, keys: loaded.keys, url: `http://${config.listen}`, file: undefined }
}

/** @throws FleetError `InvalidInput` for a folder that holds anything, `Cancelled`; what was recorded by then stands */
export async function simulate(
  config: LoadedConfig,
  request: SimulationRequest,
  { progress, signal, failed }: SimulationWatching,
): Promise<Simulated> {
  mustBeEmpty(config.data)
  const started = performance.now()
  const clock = new SimulatedClock()
  const simulated = new SimulatedFleet(request)
  const sources = simulated.sites.map((site) => simulatedSource(site, simulated, clock))
  const fleet = await openFleet(config, clock, {
    sources,
    alerts: false,
    told: { sealed: () => {}, failed, notAdopted: failed },
  })
  const rounds = Math.ceil((request.days * day) / request.every)
  const total = rounds * sources.length
  let [looks, changes, atFirst] = [0, 0, 0]
  try {
    for (let round = 0; round < rounds; round++) {
      clock.moveTo(round * request.every)
      for (const source of sources) {
        progress(looks, total, `looks, ${source.name} at ${clock.now()}`)
        const report = await fleet.discovery.look(source, { actor: "system", signal })
        changes += report.changes
        looks += 1
      }
      if (round === 0) atFirst = await bytesOf(fleet)
    }
    const grown = (await bytesOf(fleet)) - atFirst
    const { position } = await fleet.ledger.head()
    const counts = await fleet.views.entities.totals(position)
    return {
      targets: counts.target,
      services: counts.service,
      stacks: counts.stack,
      looks,
      events: position + 1,
      changes,
      seconds: (performance.now() - started) / 1_000,
      bytesAtFirst: atFirst / request.targets,
      bytesPerYear: rounds === 1 ? undefined : (grown / request.targets / (rounds - 1) / request.every) * 365 * day,
    }
  } catch (error) {
    throw signal.aborted ? cancelled(looks, total, fleet.folder) : error
  } finally {
    await fleet.close()
  }
}

function mustBeEmpty(data: string): void {
  const stat = fs.statSync(data, { throwIfNoEntry: false })
  if (stat?.isDirectory() !== true || fs.readdirSync(data).length === 0) return
  throw new FleetError(
    "InvalidInput",
    `${data} is not empty, and a fleet that does not exist must not mix with another`,
  )
}

function cancelled(looks: number, total: number, { path }: Folder): FleetError {
  const message = `the simulation was cancelled after ${looks} of ${total} looks; what they recorded is in ${path}`
  return new FleetError("Cancelled", message)
}

/** Of what only grows, with what waits in the stores' logs: files grow in steps too large for a small fleet. */
async function bytesOf(fleet: Fleet): Promise<number> {
  const { position } = await fleet.ledger.head()
  await fleet.reached(position)
  const { ledger, views } = fleet.folder
  return [ledger, views].reduce((sum, file) => {
    const db = new Database(file, { readonly: true })
    const pragma = (name: string) => db.pragma(name, { simple: true }) as number
    const bytes = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
    db.close()
    return sum + bytes
  }, 0)
}
