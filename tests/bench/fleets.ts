/**
 * `npm run bench:fleets -- <folder> [targets [events]]`: simulated fleets of ten services a target for benches that read, made once and kept: each in a folder
 * `<targets>x10`. Without numbers those of 1,000 and 10,000 targets, with about a million events each.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { simulate, simulationConfig } from "#simulation/simulate.js"
import { day } from "#simulation/time.js"

/** Measured on 100 targets over 120 days: events of the first look, and of a day after it, for each target. */
const atFirst = 12.3
const aDay = 1.18

const [folder, targets, events = "1000000"] = process.argv.slice(2)
if (folder === undefined) throw new Error("say in which folder they are to be")
const signal = new AbortController().signal
for (const size of targets === undefined ? [1_000, 10_000] : [Number(targets)]) await keep(size, Number(events))

/** The small fleet lives for more than two years to get there: its last events are in the future, which nothing that reads minds. */
async function keep(size: number, wanted: number): Promise<void> {
  const place = path.join(folder as string, `${size}x10`)
  const done = path.join(place, "made.json")
  if (!fs.existsSync(done)) {
    fs.rmSync(place, { recursive: true, force: true })
    fs.mkdirSync(place, { recursive: true })
    const config = simulationConfig(path.join(place, "data"), { FLEET_LEDGER_KEYS: path.join(place, "keys") })
    const days = Math.max(1, Math.round((wanted - atFirst * size) / (aDay * size)))
    const request = { targets: size, services: 10, days, seed: 1, every: day }
    const made = await simulate(config, request, { progress: () => {}, signal, failed: console.error })
    fs.writeFileSync(done, JSON.stringify({ ...request, ...made }))
  }
  process.stdout.write(`${place}: ${fs.readFileSync(done, "utf8")}\n`)
}
