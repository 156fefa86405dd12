/**
 * `kill -9` while a program writes as fast as it can: every append that was acknowledged is there, once, where it was said to be; nothing is there in part; what
 * was signed is still what is there. `npm run torture` does it many times.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import type { RecordedEvent } from "#events/catalog.js"
import { systemClock } from "#kernel/clock.js"
import { eventId } from "#kernel/ids.js"
import { type Position, origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { keyFolder } from "#ledger/proof/key.js"
import { Sealer } from "#ledger/proof/seal.js"
import { verify } from "#ledger/proof/verify.js"
import { openEventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { startEventStore } from "#tests/support/eventstoredb/server.js"
import { isTorture, often } from "#tests/support/often.js"
import { stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it, onTestFinished } from "vitest"

const rounds = often(6, 500)
/** Rounds between two verifications of everything. */
const stride = isTorture ? 50 : 3
const longestMs = 120

interface Appended {
  readonly stream: string
  readonly expected: number
  readonly count: number
  readonly position: number
}

interface Acknowledged {
  readonly appends: readonly Appended[]
  /** Events that the newest checkpoint vouches for. */
  readonly sealed: number
}

interface Engine {
  /** What the writing program is told besides the folder. */
  readonly address?: string
  readonly open: (place: string) => Promise<Ledger>
}

const engines: Readonly<Record<string, () => Promise<Engine>>> = {
  SQLite: async () => ({ open: async (place) => openSqliteLedger(`${place}/ledger.db`) }),
  EventStoreDB: async () => {
    const server = await startEventStore()
    onTestFinished(() => server.dispose())
    const address = server.connectionString
    return { address, open: (place) => openEventStoreLedger({ address, file: `${place}/copy.db` }) }
  },
}

describe.each(Object.entries(engines))("kill -9 under write load on %s", (name, engineOf) => {
  it(`loses and doubles nothing that was acknowledged, ${rounds} times`, { timeout: rounds * 20_000 }, async () => {
    const place = await tempFolder()
    const { open, address = "" } = await engineOf()
    let [checked, sealed] = [origin as number, 0]
    for (let round = 0; round < rounds; round++) {
      const afterMs = (longestMs * ((round * 7) % rounds)) / rounds
      // However slow the machine is, all but the first write something.
      const acknowledged = await writeUntilKilled([name, place, address], afterMs, round === 0 ? 0 : 2)
      const ledger = await open(place)
      try {
        const events = await ledger.readAll({ after: checked as Position, limit: 1_000_000 })
        expectContiguous(events, checked + 1)
        for (const append of acknowledged.appends) expectThere(append, events, checked + 1)
        await expectWholeStreams(ledger, events)
        checked = events.at(-1)?.position ?? checked
        sealed = Math.max(sealed, acknowledged.sealed)
        expect(checked).toBeGreaterThanOrEqual(sealed - 1)
        if (checked > origin && round % stride === stride - 1) await expectSound(ledger, place)
      } finally {
        await ledger.close()
      }
    }
    expect(checked).toBeGreaterThan(rounds)
  })
})

/** @param least how many appends are acknowledged before it is killed */
async function writeUntilKilled(told: readonly string[], afterMs: number, least: number): Promise<Acknowledged> {
  const child: ChildProcess = spawn(process.execPath, ["tests/support/write-load.js", ...told], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  const appends: Appended[] = []
  let [sealed, isTime] = [0, false]
  const killInTime = () => {
    if (isTime && appends.length >= least) child.kill("SIGKILL")
  }
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const [what, ...words] = line.split(" ")
    if (what === "ready")
      setTimeout(() => {
        isTime = true
        killInTime()
      }, afterMs)
    if (what === "sealed") sealed = Number(words[0])
    if (what === "appended" && words.length === 4) {
      const [name = "", expected, count, position] = words
      appends.push({ stream: name, expected: Number(expected), count: Number(count), position: Number(position) })
      killInTime()
    }
  }
  return { appends, sealed }
}

function expectContiguous(events: readonly RecordedEvent[], from: number): void {
  expect(events.findIndex(({ position }, index) => position !== from + index)).toBe(-1)
}

function expectThere(
  { stream: name, expected, count, position }: Appended,
  events: readonly RecordedEvent[],
  from: number,
) {
  const last = position - from
  const there = events.slice(last - count + 1, last + 1).map(({ id }) => id)
  const ids = Array.from({ length: count }, (_, index) => eventId(stream(name), expected, `write ${expected}`, index))
  expect(there).toStrictEqual(ids)
}

/** Each stream goes on at the next revision, and none ends within an append. */
async function expectWholeStreams(ledger: Ledger, events: readonly RecordedEvent[]): Promise<void> {
  const next = new Map<string, number>()
  for (const { stream: name, revision } of events) {
    expect(revision).toBe(next.get(name) ?? revision)
    next.set(name, revision + 1)
  }
  for (const [name, revision] of next) {
    if (name === "ledger") continue
    const [last] = await ledger.readStream(stream(name), { limit: 1, backwards: true })
    expect(last?.revision).toBe(revision - 1)
    const writer = Number(name.replace("target-", ""))
    let end = -1
    while (end < revision - 1) end += 1 + ((end + writer + 1) % 7)
    expect(end).toBe(revision - 1)
  }
}

async function expectSound(ledger: Ledger, place: string): Promise<void> {
  const keys = keyFolder(`${place}/keys`)
  const sealer = new Sealer(ledger, keys, systemClock)
  const remembered = keys.lastSigned(await sealer.origin())
  const checkpoints = remembered === undefined ? [] : [{ where: "the one that was signed last", note: remembered }]
  const key = await sealer.signer()
  const { wrong } = await verify(ledger, { key, checkpoints }, () => {}, new AbortController().signal)
  expect(wrong).toBeNull()
  // A checkpoint that was signed but whose event was not written yet is no obstacle.
  await sealer.seal()
}
