/** The whole inventory at a point, streamed; and inventories of others, imported. */
import * as path from "node:path"
import { openFleet } from "#fleet.js"
import { jsonLines } from "#inventory/json.js"
import { systemClock } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import { simulationConfig } from "#simulation/simulate.js"
import { imported } from "#tests/support/inventories.js"
import { difference } from "#timeline/diff/diff.js"
import type { Views } from "#projections/views.js"
import type { FleetOnDisk } from "./fleet-on-disk.js"
import { type Row, cpuSince } from "./report.js"

const signal = new AbortController().signal

/** In CPU time, as of the middle of what came after the first look. */
export async function benchWhole(views: Views, { ledger, discovered }: FleetOnDisk): Promise<Row[]> {
  const { position: head } = await ledger.head()
  const at = Math.floor((discovered + head) / 2) as Position
  const asked = { views, at, conditions: new Map(), signal }
  global.gc?.()
  let [entities, characters, before, most] = [0, 0, 0, 0]
  const started = process.cpuUsage()
  for await (const line of jsonLines(asked)) {
    entities += 1
    characters += line.length
    // Caches are filled by then.
    if (entities === 1_000) before = process.memoryUsage.rss()
    if (entities % 500 === 0) most = Math.max(most, process.memoryUsage.rss())
  }
  const streaming = cpuSince(started)
  let parsing = 0
  // Some at a time, as all of it is more than fits.
  for await (const lines of inLots(jsonLines(asked))) {
    const begun = process.cpuUsage()
    for (const line of lines) JSON.parse(line)
    parsing += cpuSince(begun)
  }
  const [ratio, grown] = [parsing / streaming, (most - before) / 1e6]
  const what = `${entities.toLocaleString("en")} entities (${Math.round(characters / 1e6)} MB) as of a point, streamed`
  return [
    {
      what,
      budget: "≥ 0.3 × the speed of parsing them (CPU)",
      measured: `${ratio.toFixed(2)} × (${parsing.toFixed(1)} s, ${streaming.toFixed(1)} s)`,
      pass: ratio >= 0.3,
    },
    {
      what: "memory at most, beyond what it was after 1,000 of them",
      budget: "≤ 100 MB",
      measured: `${Math.round(grown)} MB (${Math.round(most / 1e6)} in all)`,
      pass: grown <= 100,
    },
  ]
}

async function* inLots(lines: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let lot: string[] = []
  for await (const line of lines) {
    if (lot.push(line) < 500) continue
    yield lot
    lot = []
  }
  yield lot
}

const imports = 10_000
const [created, modified] = [300, 600]

/** A second version of an inventory: as many are new as are gone. */
export async function benchImport(folder: string): Promise<Row[]> {
  const config = simulationConfig(path.join(folder, "imported"), { FLEET_LEDGER_KEYS: path.join(folder, "keys") })
  const fleet = await openFleet(config, systemClock, { sources: [], alerts: false })
  try {
    const take = async (first: number, altered: number) => {
      const started = process.cpuUsage()
      const text = inventory(first, altered)
      const { position } = await imported(fleet, text, { source: "cmdb", complete: true })
      return { position: position as Position, seconds: cpuSince(started) }
    }
    const [one, other] = [await take(0, 0), await take(created, modified)]
    const started = process.cpuUsage()
    const { summary } = await difference(fleet.views, fleet.ledger, { from: one.position, to: other.position })
    const told = cpuSince(started)
    const self = await difference(fleet.views, fleet.ledger, { from: other.position, to: other.position })
    const found = [summary.created, summary.modified, summary.removed]
    const nothing = Object.values(self.summary).every((count) => count === 0)
    return [
      {
        what: `an inventory of ${imports.toLocaleString("en")} machines imported; its next version; their difference`,
        budget: `${created}/${modified}/${created}, and nothing of a point with itself`,
        measured: `${found.join("/")}, ${nothing ? "nothing" : "something"} (${one.seconds.toFixed(1)} s, ${other.seconds.toFixed(1)} s, ${told.toFixed(2)} s CPU)`,
        pass: found.join() === [created, modified, created].join() && nothing,
      },
    ]
  } finally {
    await fleet.close()
  }
}

/** Machines from a number on, of which the first are altered. */
function inventory(first: number, altered: number): string {
  const entities = Array.from({ length: imports }, (_, i) => {
    const facets = {
      os: { name: "Debian GNU/Linux 12 (bookworm)", kernel: `6.1.0-${i < altered ? 21 : 20}-amd64` },
      labels: { role: "production", tags: { "tag:web": {} } },
      packages: Object.fromEntries(
        Array.from({ length: 20 }, (_package, p) => [`pkg:lib${p}`, { version: `1.${p}`, architecture: "amd64" }]),
      ),
    }
    return { kind: "target", id: `m${first + i}`, name: `m${first + i}`, facets }
  })
  return JSON.stringify({ entities })
}
