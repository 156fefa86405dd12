/**
 * `npm run bench:puppetdb [-- targets]`: keeping what machines are like, beside PuppetDB 7 on PostgreSQL 15 as Debian has them (`apt-get install puppetdb postgresql`, run as root): the same simulated machines with
 * 500 packages each, looked at three times. PuppetDB knows how they are and no more: of what was, there is nothing to compare. Each runs by itself on loopback; times are of a wall clock.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import type { Observation, Source } from "#discovery/observation.js"
import { type Fleet, openFleet } from "#fleet.js"
import type { JsonObject } from "#kernel/json.js"
import { storageOf } from "#operations/storage.js"
import { parseQuery } from "#query/parse.js"
import { understand } from "#query/understand.js"
import { SimulatedFleet } from "#simulation/fleet.js"
import { simulationConfig } from "#simulation/simulate.js"
import { simulatedSource } from "#simulation/source.js"
import { SimulatedClock, day, hour } from "#simulation/time.js"
import { type Facts, PuppetDb } from "./puppetdb/server.js"
import { median, seconds } from "./report.js"

const targets = Number(process.argv[2] ?? 1_000)
const rounds = 9
const signal = new AbortController().signal
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fleet-ledger-puppetdb-"))
/** PostgreSQL does not run as root. */
fs.chmodSync(folder, 0o755)

const clock = new SimulatedClock()
const simulated = new SimulatedFleet({ targets, services: 10, seed: 1 })
const sources = simulated.sites.map((site) => simulatedSource(site, simulated, clock))
const config = simulationConfig(path.join(folder, "data"), { FLEET_LEDGER_KEYS: path.join(folder, "keys") })
const opened = await openFleet(config, clock, { sources, alerts: false })
const theirs = await PuppetDb.start(path.join(folder, "puppetdb"))
try {
  const rows: string[][] = []
  for (const [what, time] of [
    ["first look at all", 0],
    ["an hour later", hour],
    ["a day later", day],
  ] as const) {
    clock.moveTo(time)
    const facts = await observedFacts(sources)
    const took = [
      await seconds(() => record(opened, sources)),
      await seconds(() => theirs.replaceFacts(facts, clock.now())),
    ]
    rows.push([what, ...took.map((each) => `${each.toFixed(1)} s`)])
  }
  const [[, version] = []] = (await observedFacts(sources))[0]?.packages ?? []
  if (version === undefined) throw new Error("nothing is installed")
  const { position } = await opened.ledger.head()
  const asked = [() => installed(opened, version), () => theirs.installed(version)]
  const [ours, others] = await Promise.all(asked.map((ask) => ask()))
  // Whose packages could not be looked at the last time has none there.
  if (ours === undefined || others === undefined || others === 0 || others > ours) {
    throw new Error(`${ours} and ${others} machines have ${version}`)
  }
  const times: string[] = []
  for (const ask of asked) times.push(`${(await millisecondsOf(ask)).toFixed(1)} ms`)
  rows.push([`which machines have a package of some version (${ours}; ${others})`, ...times])
  const { ledger, views } = await storageOf(opened)
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
  rows.push(["on the disk", `${mb(ledger.bytes)}; views ${mb(views.bytes)}`, mb(theirs.bytes())])
  rows.push(["memory", mb(process.memoryUsage.rss()), mb(theirs.memory())])
  rows.push(["what is known of before", `${position + 1} events, every point in time`, "nothing"])
  const lines = [["", "fleet-ledger", "PuppetDB"], ["---", "---", "---"], ...rows]
  process.stdout.write(`${targets} machines\n\n${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`)
} finally {
  await theirs.stop()
  await opened.close()
  fs.rmSync(folder, { recursive: true, force: true })
}

async function record(fleet: Fleet, from: readonly Source[]): Promise<void> {
  for (const source of from) await fleet.discovery.look(source, { actor: "bench", signal })
  await fleet.reached((await fleet.ledger.head()).position)
}

/** Machines alone, as the sources see them at this time, but of sites that are cut off: what stands on them is not for PuppetDB. A site's names are its own. */
async function observedFacts(from: readonly Source[]): Promise<Facts[]> {
  const looks = await Promise.allSettled(from.map(async (source) => ({ source, look: await source.look(signal) })))
  return looks.flatMap((each) => {
    if (each.status === "rejected") return []
    const { source, look } = each.value
    return look.observations.filter(({ kind }) => kind === "target").map((machine) => factsOf(source, machine))
  })
}

function factsOf({ name }: Source, { nativeKey, facets: { packages = {}, ...values } }: Observation): Facts {
  return {
    certname: `${name}.${nativeKey}`,
    values,
    packages: Object.entries(packages).map(([key, item]) => [
      key.slice("pkg:".length),
      (item as JsonObject)["version"] as string,
      "apt",
    ]),
  }
}

async function installed({ views, ledger }: Fleet, version: string): Promise<number> {
  const { position } = await ledger.head()
  const point = { position, time: await ledger.timeOf(position) }
  const resolve = () => Promise.reject(new Error("no moment was asked for"))
  const asked = await understand(parseQuery(`packages.version:"${version}"`), { kinds: ["target"], point, resolve })
  return views.entities.count({ kind: "target", at: position, condition: asked.get("target"), includeRetired: false })
}

async function millisecondsOf(work: () => unknown): Promise<number> {
  const taken: number[] = []
  for (let round = 0; round < rounds; round++) taken.push((await seconds(work)) * 1_000)
  return median(taken)
}
