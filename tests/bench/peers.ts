/** The same work as @event-driven-io/emmett-sqlite does in the same run. It has a package of its own, so that the project never depends on it. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import type { NewEvent } from "#events/catalog.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { type Row, median, perSecond, seconds } from "./report.js"
import { SyntheticFleet } from "./synthetic-fleet.js"

const rounds = 3
const writers = 64
const each = 100
const batches = 400

/** Events per second. */
interface Speeds {
  readonly single: number
  readonly batched: number
  readonly caughtUp: number
}

/** @param caughtUp how many events a second our inventory catches up with, in this run */
export async function benchPeers(folder: string, caughtUp: number): Promise<Row[]> {
  const peers = path.resolve("tests/bench/peers")
  if (!fs.existsSync(path.join(peers, "node_modules"))) {
    process.stdout.write('emmett-sqlite is not measured: "npm ci --prefix tests/bench/peers" installs it\n\n')
    return []
  }
  const events: NewEvent[] = [...new SyntheticFleet(100).changes(1_000)].flatMap((append) => append.events)
  const eventsFile = path.join(folder, "events.json")
  fs.writeFileSync(eventsFile, JSON.stringify(events))
  const ours: Speeds[] = []
  const theirs: Speeds[] = []
  for (let round = 0; round < rounds; round++) {
    const place = fs.mkdtempSync(path.join(folder, "peers-"))
    ours.push({ ...(await appendOurs(place, events)), caughtUp })
    const answer = execFileSync(process.execPath, [path.join(peers, "emmett.js"), place, eventsFile], {
      encoding: "utf8",
    })
    theirs.push(JSON.parse(answer) as Speeds)
  }
  const row = (what: string, speed: keyof Speeds, least: number): Row => {
    const [us, them] = [ours, theirs].map((speeds) => median(speeds.map((all) => all[speed]))) as [number, number]
    const measured = `${(us / them).toFixed(1)} × (${perSecond(us, 1)}, ${perSecond(them, 1)})`
    return { what, budget: `≥ ${least} × emmett-sqlite`, measured, pass: us / them >= least }
  }
  return [
    row(`single events from ${writers} writers at once`, "single", 30),
    row("batches of 100", "batched", 2),
    row("catch-up of the inventory", "caughtUp", 8),
  ]
}

async function appendOurs(place: string, events: readonly NewEvent[]): Promise<Omit<Speeds, "caughtUp">> {
  const ledger = openSqliteLedger(path.join(place, "ours.db"))
  const changes = events.filter(({ type }) => type === "TargetChanged")
  const single = await seconds(() =>
    Promise.all(Array.from({ length: writers }, (_, writer) => writeOneByOne(ledger, writer, changes))),
  )
  const batched = await seconds(async () => {
    for (let i = 0; i < batches; i++) {
      const from = (i * 100) % (changes.length - 100)
      await ledger.append(streamOf(writers + i), noStream, changes.slice(from, from + 100), "batch")
    }
  })
  await ledger.close()
  return { single: (writers * each) / single, batched: (batches * 100) / batched }
}

async function writeOneByOne(ledger: Ledger, writer: number, events: readonly NewEvent[]): Promise<void> {
  for (let i = 0; i < each; i++) {
    const event = events[(writer * each + i) % events.length] as NewEvent
    await ledger.append(streamOf(writer), i - 1, [event], String(i))
  }
}

function streamOf(number: number): StreamName {
  return `target-${recordId("bench", "target", String(number))}` as StreamName
}
