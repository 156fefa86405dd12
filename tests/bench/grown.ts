/**
 * `npm run bench:grown -- <folder> [events...]`: a ledger of so many events (a million, then ten) of 10,000 targets with 100,000 services, with all of its views: what it takes and
 * how it answers. Each is kept in a folder of its own, and what is already there is not made again. Made and folded by processes of their own, so that memory is theirs alone.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { epochMs, instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import { keepHeapSmall } from "#kernel/small-heap.js"
import type { Ledger } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { Views } from "#projections/views.js"
import { densityOf } from "#timeline/density.js"
import { servicesPerTarget, SyntheticFleet } from "./synthetic-fleet.js"
import { type FleetOnDisk, aSecondEach, foldAll, writeFleet } from "./fleet-on-disk.js"
import { benchQueries } from "./queries.js"
import { type Row, cpuSince, median, print } from "./report.js"
import { benchEntity, benchSnapshot, diffTime } from "./timeline.js"
import { benchInPlace } from "./verify.js"

const targets = 10_000
const discovered = targets * (1 + servicesPerTarget)
/** A ledger that gets an event a second. */
const aDay = 86_400

const [folder, ...rest] = process.argv.slice(2)
if (folder === undefined) throw new Error("say in which folder they are to be")
const [step, size] = rest
// As whatever works on a folder does.
keepHeapSmall()
if (step === "make") await make(Number(size))
else if (step === "fold") await fold(Number(size))
else for (const events of rest.length === 0 ? [1e6, 1e7] : rest.map(Number)) print(await ask(events))

function placeOf(events: number) {
  const place = path.join(folder as string, `${events}`)
  return { place, ledgerFile: path.join(place, "ledger.db"), viewsFile: path.join(place, "views.db") }
}

/** Runs a step unless it was done. */
function done(what: string, events: number): void {
  const mark = path.join(placeOf(events).place, `${what}.done`)
  if (fs.existsSync(mark)) return
  const args = [...process.execArgv, process.argv[1] as string, folder as string, what, `${events}`]
  execFileSync(process.execPath, args, { stdio: "inherit" })
  fs.writeFileSync(mark, "")
}

async function make(events: number): Promise<void> {
  const { place, ledgerFile } = placeOf(events)
  fs.rmSync(place, { recursive: true, force: true })
  fs.mkdirSync(place, { recursive: true })
  const { ledger } = await writeFleet(ledgerFile, targets, events - discovered)
  await ledger.close()
  told(`${events.toLocaleString("en")} events recorded in ${cpuSince().toFixed(0)} s of CPU`)
}

/** Tells of each tenth, as what grows slower while it grows is looked for. */
async function fold(events: number): Promise<void> {
  const { ledgerFile, viewsFile } = placeOf(events)
  fs.rmSync(viewsFile, { force: true })
  const ledger = openSqliteLedger(ledgerFile)
  let [begun, batches] = [process.cpuUsage(), 0]
  const tenth = events / 10_000
  const tell = () => {
    if (++batches % tenth !== 0) return
    const rate = Math.round((tenth * 1_000) / cpuSince(begun)).toLocaleString("en")
    told(`${(batches * 1_000).toLocaleString("en")} folded: ${rate}/s of CPU, ${memory()}`)
    begun = process.cpuUsage()
  }
  const all = process.cpuUsage()
  ;(await foldAll(ledger, viewsFile, tell)).close()
  const rate = Math.round(events / cpuSince(all)).toLocaleString("en")
  told(`${events.toLocaleString("en")} folded, with indices: ${rate}/s of CPU, ${memory()}`)
  global.gc?.()
  told(`after collecting garbage: ${memory()}, ${Math.round(process.memoryUsage().heapUsed / 1e6)} of them objects`)
  await ledger.close()
}

async function ask(events: number): Promise<Row[]> {
  done("make", events)
  done("fold", events)
  const { place, ledgerFile, viewsFile } = placeOf(events)
  const ledger = openSqliteLedger(ledgerFile, aSecondEach(events))
  const views = new Views(viewsFile)
  const fleet: FleetOnDisk = { ledger, fleet: new SyntheticFleet(targets), discovered: (discovered - 1) as Position }
  const rows: Row[] = [
    shown("ledger", `${Math.round(fs.statSync(ledgerFile).size / events)} bytes an event`),
    shown("views", `${Math.round(fs.statSync(viewsFile).size / events)} bytes an event`),
  ]
  rows.push(...(await benchEntity(views, fleet, targets)), ...(await benchQueries(views, fleet)))
  rows.push(...(await density(views, fleet)))
  const day = await diffTime({ views, ledger }, aDay)
  rows.push(
    shown(`a day's diff (${aDay.toLocaleString("en")} changes, ${day.items} entities)`, `${day.ms.toFixed(0)} ms`),
  )
  rows.push(await benchInPlace(ledger, ledgerFile, place, 1))
  rows.push(await benchSnapshot(views, ledger), shown("memory after all of this", memory()))
  views.close()
  await ledger.close()
  return rows
}

async function density(views: Views, { ledger, fleet }: { ledger: Ledger; fleet: SyntheticFleet }): Promise<Row[]> {
  const point = await ledger.head()
  const record = await views.inventory.record(fleet.targetId(targets / 2))
  if (record === undefined) throw new Error("no record")
  const rows: Row[] = []
  for (const [whose, recordNos] of [
    ["the fleet", undefined],
    ["one machine", [record.no]],
  ] as const) {
    const range = { from: instant(epochMs(await ledger.timeOf(0 as Position))), to: point.time, buckets: 2_000 }
    const times: number[] = []
    for (let i = 0; i < 21; i++) {
      const begun = process.cpuUsage()
      await densityOf(views, point, { ...range, ...(recordNos && { recordNos }) })
      times.push(cpuSince(begun) * 1_000)
    }
    rows.push({
      what: `density of ${whose} in 2,000 buckets`,
      budget: "≤ 20 ms (CPU)",
      measured: `${median(times).toFixed(1)} ms`,
      pass: median(times) <= 20,
    })
  }
  return rows
}

function shown(what: string, measured: string): Row {
  return { what, measured, budget: "(none)", pass: true }
}

/** What the process has now, and had at most. */
function memory(): string {
  const most = process.resourceUsage().maxRSS * 1_024
  return `${Math.round(process.memoryUsage.rss() / 1e6)} MB, at most ${Math.round(most / 1e6)}`
}

function told(line: string): void {
  process.stderr.write(`${line}\n`)
}
