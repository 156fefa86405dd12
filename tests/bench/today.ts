/**
 * What moving through time costs otherwise: the same simulated fleet, day by day, in git (a file of JSON for each entity, a commit a day) and copied whole into
 * SQLite, asked the same. Times are of a wall clock, medians: git is another process, and its start is part of what asking it takes.
 */
import * as crypto from "node:crypto"
import * as path from "node:path"
import { openFleet } from "#fleet.js"
import type { Fleet } from "#fleet.js"
import { systemClock, epochMs, instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import { jsonLines } from "#inventory/json.js"
import { simulate, simulationConfig } from "#simulation/simulate.js"
import { beginning, day as dayMs } from "#simulation/time.js"
import { median, seconds } from "./report.js"
import { random } from "./synthetic-fleet.js"
import { Copies } from "./today/copies.js"
import { Git } from "./today/git.js"
import { Ours } from "./today/ours.js"
import type { Day, Way } from "./today/way.js"

const signal = new AbortController().signal

/** @returns a table in Markdown */
export async function benchToday(folder: string, targets: number, days: number): Promise<string> {
  const config = simulationConfig(path.join(folder, "data"), { FLEET_LEDGER_KEYS: path.join(folder, "keys") })
  const request = { targets, services: 10, days, seed: 1, every: dayMs }
  await simulate(config, request, { progress: () => {}, signal, failed: console.error })
  const fleet = await openFleet(config, systemClock, { sources: [], alerts: false })
  const ends: Position[] = []
  for (let day = 0; day < days; day++)
    ends.push(await fleet.ledger.positionAt(instant(epochMs(beginning) + (day + 0.5) * dayMs)))

  const git = new Git(path.join(folder, "git"))
  const ways: readonly Way[] = [
    new Ours(path.join(folder, "again"), fleet, ends),
    git,
    new Copies(path.join(folder, "copies.db")),
  ]
  const kept = ways.map(() => [] as number[])
  let [changes, entities] = [0, 0]
  for await (const day of daysOf(fleet, ends)) {
    for (const [i, way] of ways.entries()) kept[i]?.push((await seconds(() => way.keep(day))) * 1_000)
    if (day.day === 0) entities = day.changed.size
    else changes += day.changed.size + day.removed.length
  }
  for (const way of ways) await way.finish()

  const ids = await machines(fleet, ends)
  const dice = random(5)
  const pick = () => ids[Math.floor(dice() * ids.length)] as string
  const asked = Array.from({ length: 60 }, () => [pick(), Math.floor(dice() * days)] as const)
  const rows: string[][] = []
  const row = async (what: string, rounds: number, ask: (way: Way, round: number) => Promise<unknown>) => {
    const cells: string[] = []
    for (const way of ways) cells.push(ms(await times(rounds, (round) => ask(way, round))))
    rows.push([what, ...cells])
  }
  rows.push(["recording a day", ...kept.map((all) => ms(median(all.slice(1))))])
  await row("giving a moment a name", 9, (way, round) => way.mark(round % days))
  await row("one machine as it was", 60, (way, round) => way.one(...(asked[round] as [string, number])))
  const shown = await times(20, (round) => git.show(...(asked[round] as [string, number])))
  rows.push(["the same, by `git show`", "", ms(shown), ""])
  await row("everything as it was", 5, (way, round) => way.everything((round * 7) % days))
  const same = new Set<string>()
  await row("what a day changed", 9, async (way, round) => {
    const from = (round * 3) % (days - 1)
    same.add(`${from}: ${await way.diff(from, from + 1)}`)
  })
  await row("what all the days changed", 3, async (way) => same.add(`all: ${await way.diff(0, days - 1)}`))
  await row("all changes of one machine", 9, (way, round) => way.history((asked[round] as [string, number])[0]))
  const events = (ends.at(-1) as number) - (ends[0] as number)
  const sizes = await Promise.all(ways.map((way) => way.kept()))
  for (let i = 0; i < 3; i++) {
    rows.push([
      i === 0 ? "bytes in all; of them for each of the changes" : "",
      ...sizes.map((all) => {
        const one = all[i]
        if (one === undefined) return ""
        const each = one.bytesAtFirst === undefined ? "" : `; ${Math.round((one.bytes - one.bytesAtFirst) / events)}`
        return `${(one.bytes / 1e6).toFixed(1)} MB${each} (${one.how})`
      }),
    ])
  }
  for (const way of ways) await way.close()
  const heading = ["", ...ways.map(({ name }) => name)]
  const lines = [heading, heading.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`)
  const told = `${targets} machines, ${entities.toLocaleString("en")} entities, ${days} days, ${events.toLocaleString("en")} events and ${changes.toLocaleString("en")} altered files after the first day; entities that differ, as each says: ${[...same].join(", ")}`
  return [told, "", ...lines].join("\n")
}

/** The inventory at the end of each day, and what is other than the day before. */
async function* daysOf(fleet: Fleet, ends: readonly Position[]): AsyncGenerator<Day> {
  let before = new Map<string, string>()
  for (const [day, at] of ends.entries()) {
    const [all, digests] = [[] as [string, string][], new Map<string, string>()]
    for await (const line of jsonLines({ views: fleet.views, at, conditions: new Map(), signal })) {
      const { id } = JSON.parse(line) as { readonly id: string }
      all.push([id, line.trimEnd()])
      digests.set(id, crypto.createHash("sha256").update(line).digest("base64"))
    }
    const changed = new Map(all.filter(([id]) => before.get(id) !== digests.get(id)))
    const removed = [...before.keys()].filter((id) => !digests.has(id))
    yield { day, changed, removed, all: () => all }
    before = digests
  }
}

/** Those that are there all the time. */
async function machines({ views }: Fleet, ends: readonly Position[]): Promise<string[]> {
  const [first, last] = [ends[0] as Position, ends.at(-1) as Position]
  const at = async (position: Position) => [...(await views.entities.scores(position)).keys()]
  const there = new Set<string>(await at(last))
  return (await at(first)).filter((id) => there.has(id))
}

/** The median of milliseconds. */
async function times(rounds: number, ask: (round: number) => Promise<unknown>): Promise<number> {
  const taken: number[] = []
  for (let round = 0; round < rounds; round++) taken.push((await seconds(() => ask(round))) * 1_000)
  return median(taken)
}

function ms(value: number): string {
  return value < 10
    ? `${value.toFixed(1)} ms`
    : value < 1_000
      ? `${Math.round(value)} ms`
      : `${(value / 1_000).toFixed(1)} s`
}
