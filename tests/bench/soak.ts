/**
 * `npm run bench:soak [-- <targets>]`: a day of 2,000 simulated machines with 20,000 services, looked at every ten minutes, with all that `serve` does besides looking: rules, deadlines, a channel that refuses
 * everything for two hours, seals, an API with followers and askers. Then hours in which nothing happens. The clock is moved, the rest is real. A process of its own, as its memory is what is measured.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import Database from "better-sqlite3"
import { pino } from "pino"
import { keepDeadlines } from "#alerts/deadlines.js"
import { onLoopback } from "#api/access.js"
import { buildApi } from "#api/app.js"
import { configSchema } from "#config/schema.js"
import type { Source } from "#discovery/observation.js"
import { type RecordedEvent, changeTypes } from "#events/catalog.js"
import { type Fleet, openFleet } from "#fleet.js"
import type { Clock } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import { keepHeapSmall } from "#kernel/small-heap.js"
import { verifyAndTell } from "#sealing/keep-verified.js"
import { SimulatedFleet } from "#simulation/fleet.js"
import { simulationConfig } from "#simulation/simulate.js"
import { simulatedSource } from "#simulation/source.js"
import { SimulatedClock, day, hour, minute, sinceBeginning } from "#simulation/time.js"
import { freePort } from "#tests/support/free-port.js"
import { type Row, median, print } from "./report.js"
import { doorAt } from "./soak/door.js"
import { startReceiver } from "./soak/receiver.js"

const everyMs = 10 * minute
const settlingMs = 8 * hour
const idleMs = 6 * hour
/** When the receiver refuses. */
const refusing = { from: 8 * hour, to: 10 * hour }

const place = fs.mkdtempSync(path.join(os.tmpdir(), "fleet-ledger-soak-"))
try {
  const rows = await soak(Number(process.argv[2] ?? 2_000))
  print(rows)
  process.exitCode = rows.every(({ pass }) => pass) ? 0 : 1
} finally {
  fs.rmSync(place, { recursive: true, force: true })
}

interface Hour {
  readonly rss: number
  readonly heap: number
  readonly files: number
  readonly lag: number
  readonly events: number
}

async function soak(targets: number): Promise<Row[]> {
  keepHeapSmall()
  const clock = new SimulatedClock()
  const receiver = await startReceiver(() => isBetween(sinceBeginning(clock.now()), refusing))
  const base = simulationConfig(path.join(place, "data"), { FLEET_LEDGER_KEYS: path.join(place, "keys") })
  const channels = [{ name: "hook", kind: "webhook", url: receiver.url }]
  const { alerts } = configSchema.parse({ alerts: { channels } })
  const config = { ...base, alerts, access: { requestsPerSecond: 1_000_000 } }
  const simulated = new SimulatedFleet({ targets, services: 10, seed: 7 })
  const sources = simulated.sites.map((site) => simulatedSource(site, simulated, clock))
  const fleet = await openFleet(config, clock, { sources })
  const failures: string[] = []
  const failed = (error: unknown) => void failures.push(String(error))
  const telling = keepDeadlines(fleet, { isOurs: () => true }, failed)
  const delivering = fleet.delivery.start(failed)
  const port = await freePort()
  const app = await buildApi(fleet, onLoopback(port), pino({ level: "silent" }))
  await app.listen({ host: "127.0.0.1", port })
  const { secret } = await fleet.ops.tokens.create("soak", "read", 400 * day)
  const door = doorAt(port, secret)
  const following = door.follow()

  const hours: Hour[] = []
  let bytesAtFirst = 0
  const looks = async (now: readonly Source[]) => {
    let changes = 0
    for (const source of now) {
      const report = await fleet.discovery.look(source, { actor: "system", signal: new AbortController().signal })
      changes += report.changes
    }
    await settled(fleet)
    await door.ask(Math.floor((await fleet.ledger.head()).position / 2))
    return changes
  }
  const measured = async (): Promise<Hour> => {
    global.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    const lag = Math.max(...(await fleet.subscriptions.list()).map((each) => each.lag))
    const { position } = await fleet.ledger.head()
    return { rss, heap: heapUsed, files: fs.readdirSync("/proc/self/fd").length, lag, events: position + 1 }
  }
  const started = performance.now()
  for (let time = 0; time < day; time += everyMs) {
    clock.moveTo(time)
    await looks(sources)
    if ((time + everyMs) % hour !== 0) continue
    const last = await measured()
    hours.push(last)
    process.stderr.write(
      `soak, hour ${hours.length}: ${mib(last.rss)}, heap ${mib(last.heap)}, ${last.files} files, ${last.events} events, lag ${last.lag}\n`,
    )
    if (hours.length === 1) bytesAtFirst = bytesOf(fleet)
  }
  const bytesOfDay = bytesOf(fleet) - bytesAtFirst

  // What happens to the fleet stops; looking at it goes on, and what was begun comes to its end.
  const frozen = simulated.sites.map((site) => standing(simulatedSource(site, simulated, at(day)), clock))
  for (let time = day; time < day + settlingMs; time += hour) {
    clock.moveTo(time)
    await looks(frozen)
  }
  const from = (await fleet.ledger.head()).position
  const [bytesBefore, opsBefore] = [bytesOf(fleet), usedBytes(fleet.folder.ops)]
  for (let time = day + settlingMs; time < day + settlingMs + idleMs; time += everyMs) {
    clock.moveTo(time)
    await looks(frozen)
  }
  const idle = await measured()
  const idleEvents = await fleet.ledger.readAll({ after: from, limit: 100_000 })
  const idleChanges = idleEvents.filter(({ type }) => changeTypes.includes(type)).length
  const opsGrown = usedBytes(fleet.folder.ops) - opsBefore
  const idleBytes = bytesOf(fleet) - bytesBefore
  const owed = [...(await fleet.ops.outbox.counts()).values()].reduce((sum, count) => sum + count, 0)
  const dead = (await fleet.subscriptions.list()).reduce((sum, { deadLetters }) => sum + deadLetters, 0)
  const verdict = await verifyAndTell(fleet, new AbortController().signal)
  const expected = await positionsOfChanges(fleet)
  const seen = following.seen()
  const took = (performance.now() - started) / 1_000

  following.stop()
  await telling.stop()
  await delivering.stop()
  await app.close()
  await fleet.close()
  receiver.stop()

  const [early, late] = [hours.slice(4, 12), hours.slice(-8)]
  const of = (some: readonly Hour[], what: keyof Hour) => median(some.map((each) => each[what]))
  const grown = (what: keyof Hour) => of(late, what) - of(early, what)
  const perYear = ((bytesOfDay / targets) * 365 * day) / (day - hour)
  const idlePerYear = ((idleBytes / sources.length) * 365 * day) / idleMs
  return [
    {
      what: `a day of ${targets.toLocaleString("en")} machines, memory in hours 17 to 24 against hours 5 to 12`,
      budget: "flat, ≤ 300 MB",
      measured: `${mib(of(late, "rss"))}, ${mib(grown("rss"))} more; heap ${mib(of(late, "heap"))}, ${mib(grown("heap"))} more (${Math.round(took)} s, ${idle.events} events)`,
      pass: grown("rss") < 30 * 2 ** 20 && of(late, "rss") <= 300 * 2 ** 20,
    },
    {
      what: "open files, the same",
      budget: "flat",
      measured: `${of(late, "files")}, ${grown("files")} more`,
      pass: grown("files") <= 2,
    },
    {
      what: "what the receiver was told, the receiver refusing for two hours; still owed, dead letters, failures",
      budget: "all, once",
      measured: `${receiver.taken()} messages, ${receiver.twice()} twice; ${owed}, ${dead}, ${failures.length}`,
      pass: receiver.twice() === 0 && owed === 0 && dead === 0 && failures.length === 0,
    },
    {
      what: "a follower of all changes saw each once",
      budget: "all",
      measured: `${seen.length} of ${expected.length}`,
      pass: seen.length === expected.length && seen.every((position, i) => position === expected[i]),
    },
    {
      what: "six hours in which nothing happens: changes; bytes of a source and year in ledger and views",
      budget: "0; ≤ 10 MB",
      measured: `${idleChanges} (${counted(idleEvents)}); ${(idlePerYear / 1e6).toFixed(1)} MB, and ${mib(opsGrown)} of measurements, which are a ring`,
      pass: idleChanges === 0 && idlePerYear <= 10e6,
    },
    {
      what: "lag at the end; the whole ledger verified",
      budget: "0; sound",
      measured: `${idle.lag}; ${verdict.wrong === null ? "sound" : verdict.wrong.message}`,
      pass: idle.lag === 0 && verdict.wrong === null,
    },
    {
      what: "bytes of a machine and year like this day, ledger and views; of them at first",
      budget: "published",
      measured: `${(perYear / 1e6).toFixed(1)} MB; ${(bytesAtFirst / targets / 1e6).toFixed(2)} MB`,
      pass: true,
    },
  ]
}

function at(time: number): Clock {
  const clock = new SimulatedClock()
  clock.moveTo(time)
  return clock
}

/** A site that stays as it was, looked at now. */
function standing(source: Source, clock: Clock): Source {
  return { ...source, look: async (...given) => ({ ...(await source.look(...given)), observedAt: clock.now() }) }
}

function isBetween(time: number, { from, to }: { readonly from: number; readonly to: number }): boolean {
  return time >= from && time < to
}

/** Everybody has handled what there is, and what was owed is told, but while it is refused. */
async function settled(fleet: Fleet): Promise<void> {
  for (;;) {
    const { position } = await fleet.ledger.head()
    await fleet.reached(position)
    const behind = (await fleet.subscriptions.list()).some(({ lag }) => lag > 0)
    if (!behind && (await fleet.ledger.head()).position === position) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function positionsOfChanges(fleet: Fleet): Promise<number[]> {
  const all: number[] = []
  for (let after = -1 as Position; ;) {
    const page = await fleet.ledger.readAll({ after, types: changeTypes, limit: 10_000 })
    if (page.length === 0) return all
    all.push(...page.map(({ position }) => position))
    after = page.at(-1)?.position ?? after
  }
}

/** How many there are of each type. */
function counted(events: readonly RecordedEvent[]): string {
  const types = new Map<string, number>()
  for (const { type } of events) types.set(type, (types.get(type) ?? 0) + 1)
  return [...types].map(([type, count]) => `${count} ${type}`).join(", ")
}

function bytesOf({ folder }: Fleet): number {
  return [folder.ledger, folder.views].reduce((sum, file) => sum + usedBytes(file), 0)
}

/** What is used of a store: files grow in steps. */
function usedBytes(file: string): number {
  const db = new Database(file, { readonly: true })
  const pragma = (name: string) => db.pragma(name, { simple: true }) as number
  const bytes = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
  db.close()
  return bytes
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}
