/** The rules and what follows them: how fast they go through a ledger that the views show already, and whether they are at its end soon after a burst. */
import * as fs from "node:fs"
import * as path from "node:path"
import { setTimeout } from "node:timers/promises"
import Database from "better-sqlite3"
import { handlerName } from "#alerts/handler.js"
import { type Fleet, openFleet } from "#fleet.js"
import { type Folder, folderAt } from "#folder.js"
import { systemClock } from "#kernel/clock.js"
import { origin } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { openOps } from "#ops/ops.js"
import { simulate, simulationConfig } from "#simulation/simulate.js"
import { hour } from "#simulation/time.js"
import { aSecondEach, foldAll, writeAll } from "./fleet-on-disk.js"
import { type Row, cpuSince, perSecond, seconds } from "./report.js"
import { SyntheticFleet } from "./synthetic-fleet.js"

const burst = 100_000

/** @param ledgerFile is left as it is */
export async function benchRules(ledgerFile: string, folder: string): Promise<Row[]> {
  const same = await caughtUp(ledgerFile, folderIn(folder, "rules"), folder)
  const data = path.join(folder, "simulated")
  const size = { targets: 100, services: 10, seed: 1 }
  const watching = { progress: () => {}, failed: () => {}, signal: new AbortController().signal }
  const keys = { FLEET_LEDGER_KEYS: path.join(folder, "keys") }
  await simulate(simulationConfig(data, keys), { ...size, days: 4, every: hour }, watching)
  const simulated = await caughtUp(folderAt(data).ledger, folderIn(folder, "simulated rules"), folder)
  return [
    {
      what: `rules of alerts, the same ${same.events.toLocaleString("en")} events, with the ${same.told.toLocaleString("en")} that they bring about`,
      budget: "≥ 20,000/s",
      measured: `${perSecond(same.events, same.seconds)} (${microseconds(same)} µs of CPU an event)`,
      pass: same.events / same.seconds >= 20_000,
    },
    {
      what: `rules of alerts, ${simulated.events.toLocaleString("en")} events of simulated machines`,
      budget: "none",
      measured: `${microseconds(simulated)} µs of CPU an event (${simulated.told.toLocaleString("en")} told)`,
      pass: true,
    },
    await benchBurst(folder),
  ]
}

const microseconds = ({ cpu, events }: CaughtUp) => Math.round((cpu * 1e6) / events)

interface CaughtUp {
  readonly events: number
  readonly seconds: number
  /** Seconds. */
  readonly cpu: number
  /** Events that were appended because of them. */
  readonly told: number
}

/** From the first event on, as if whoever follows had been away. */
async function caughtUp(ledgerFile: string, files: Folder, folder: string): Promise<CaughtUp> {
  await new Database(ledgerFile, { readonly: true }).backup(files.ledger)
  const ledger = openSqliteLedger(files.ledger, systemClock)
  ;(await foldAll(ledger, files.views)).close()
  await ledger.close()
  const ops = openOps(files.ops, systemClock)
  await ops.checkpoints.enrol(handlerName, origin)
  ops.close()
  global.gc?.()
  return withFleet(files, folder, async (fleet) => {
    const before = (await fleet.ledger.head()).position
    const started = process.cpuUsage()
    const took = await seconds(() => allFollowed(fleet))
    const cpu = cpuSince(started)
    return { events: before + 1, seconds: took, cpu, told: (await fleet.ledger.head()).position - before }
  })
}

/** Changes that come as fast as they are recorded. */
async function benchBurst(folder: string): Promise<Row> {
  const files = folderIn(folder, "burst")
  const synthetic = new SyntheticFleet(1_000)
  const ledger = openSqliteLedger(files.ledger, aSecondEach())
  await writeAll(ledger, synthetic.discovery())
  await ledger.close()
  return withFleet(files, folder, async (fleet) => {
    await allFollowed(fleet)
    global.gc?.()
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 50)
    const recording = await seconds(() => writeAll(fleet.ledger, synthetic.changes(burst)))
    const behind = Math.max(...(await fleet.subscriptions.list()).map(({ lag }) => lag))
    const after = await seconds(() => allFollowed(fleet))
    clearInterval(watch)
    return {
      what: `a burst of ${burst.toLocaleString("en")} events, recorded in ${recording.toFixed(0)} s: all that follows comes to its end`,
      budget: "in the end, ≤ 300 MB",
      measured: `${after.toFixed(1)} s later (${behind.toLocaleString("en")} behind), ${Math.round(most / 1e6)} MB`,
      pass: most <= 300e6,
    }
  })
}

function folderIn(folder: string, name: string): Folder {
  const data = path.join(folder, name)
  fs.mkdirSync(data)
  return folderAt(data)
}

async function withFleet<T>({ path: data }: Folder, folder: string, work: (fleet: Fleet) => Promise<T>): Promise<T> {
  const config = simulationConfig(data, { FLEET_LEDGER_KEYS: path.join(folder, "keys") })
  const fleet = await openFleet(config, systemClock, { sources: [] })
  try {
    return await work(fleet)
  } finally {
    await fleet.close()
  }
}

/** Asked seldom, as asking takes time too. */
async function allFollowed({ subscriptions }: Fleet): Promise<void> {
  while ((await subscriptions.list()).some(({ lag }) => lag > 0)) await setTimeout(50)
}
