/** When the ledger is sealed, and when it is not, through days that pass at once; who hears of it; and what a signer refuses to vouch for. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { NewEvent } from "#events/catalog.js"
import { origin } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { keyFolder } from "#ledger/proof/key.js"
import { type SealedCheckpoint, Sealer } from "#ledger/proof/seal.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { type Sealing, keepSealed } from "#sealing/keep-sealed.js"
import { keyIn } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, metadata, observedAt, payloads, sample, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const rules = { events: 100, everyMs: 5 * minute, idleMs: 6 * hour }

beforeEach(() => {
  // The ledger works in turns of the event loop, which go on as they are.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })
  return () => vi.useRealTimers()
})

class World {
  readonly told: SealedCheckpoint[] = []
  readonly failures: unknown[] = []
  readonly #revisions = new Map<string, number>()
  readonly folder: string
  readonly ledger: Ledger
  readonly sealer: Sealer
  isOurs = true

  constructor(folder: string) {
    const clock = new TestClock()
    this.folder = folder
    this.ledger = counted(openSqliteLedger(path.join(folder, "ledger.db"), clock))
    const told = (checkpoint: SealedCheckpoint) => void this.told.push(checkpoint)
    this.sealer = new Sealer(this.ledger, keyFolder(path.join(folder, "keys")), clock, told)
    onTestFinished(() => this.ledger.close())
  }

  async keepSealed(): Promise<Sealing> {
    const failed = (error: unknown) => void this.failures.push(error)
    const sealing = await keepSealed(this.ledger, this.sealer, { ...rules, isOurs: () => this.isOurs }, failed)
    onTestFinished(() => sealing.stop())
    return sealing
  }

  async append(name: string, ...events: readonly NewEvent[]): Promise<void> {
    const revision = this.#revisions.get(name) ?? noStream
    const { revision: now } = await this.ledger.append(stream(name), revision, events, `after ${revision}`)
    this.#revisions.set(name, now)
    await settled()
  }

  change = (count = 1) => this.append("target-1", ...changes(count))
  look = () => this.append("source-here", sample("DiscoveryCompleted"))

  async sizes(): Promise<readonly number[]> {
    const events = await this.ledger.readAll({ after: origin, types: ["LedgerCheckpointed"], limit: 1_000 })
    return events.flatMap((event) => (event.type === "LedgerCheckpointed" ? [event.data.size] : []))
  }
}

/** Appends that are not on the disk yet. */
let appending = 0

/** A ledger whose appends are counted as long as they take. */
function counted(ledger: Ledger): Ledger {
  const append: Ledger["append"] = (...what) => {
    appending += 1
    return ledger.append(...what).finally(() => (appending -= 1))
  }
  return new Proxy(ledger, {
    get(target, name) {
      const member: unknown = name === "append" ? append : Reflect.get(target, name)
      return typeof member === "function" ? (member.bind(target) as unknown) : member
    },
  })
}

/** Lets everything happen that waits for nothing but its turn, and for the disk. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn = appending > 0 ? 0 : turn + 1)
    await new Promise((resolve) => setImmediate(resolve))
}

async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms)
  await settled()
}

async function world(): Promise<World> {
  return new World(await tempFolder())
}

describe("a ledger is sealed", () => {
  it("so long after the first event that is not sealed, however many follow it", async () => {
    const fleet = await world()
    await fleet.keepSealed()
    for (let passed = 0; passed < 5; passed++) {
      await fleet.change()
      expect(await fleet.sizes()).toStrictEqual([])
      await pass(minute)
    }
    expect(await fleet.sizes()).toStrictEqual([5])
  })

  it("as soon as there are so many events, and so long after the next one behind them", async () => {
    const fleet = await world()
    await fleet.keepSealed()
    await fleet.change(99)
    expect(await fleet.sizes()).toStrictEqual([])
    await fleet.change(1)
    expect(await fleet.sizes()).toStrictEqual([100])
    await pass(day)
    expect(await fleet.sizes()).toStrictEqual([100])
    await fleet.change()
    await pass(5 * minute)
    expect(await fleet.sizes()).toStrictEqual([100, 102])
  })

  it("much later where looks found nothing, and soon once one of them found something", async () => {
    const fleet = await world()
    await fleet.keepSealed()
    await fleet.look()
    await pass(5 * hour)
    expect(await fleet.sizes()).toStrictEqual([])
    await pass(hour)
    expect(await fleet.sizes()).toStrictEqual([1])
    await fleet.look()
    await pass(hour)
    await fleet.change()
    await pass(5 * minute)
    expect(await fleet.sizes()).toStrictEqual([1, 4])
  })

  it("not again while nothing happens: there is no checkpoint of a checkpoint", async () => {
    const fleet = await world()
    const sealing = await fleet.keepSealed()
    await fleet.change()
    for (let passed = 0; passed < 30; passed++) await pass(day)
    const [first] = [await sealing.now(), await sealing.now()]
    expect(await fleet.sizes()).toStrictEqual([1])
    expect(first).toMatchObject({ size: 1, position: 1 })
    expect(fleet.told).toHaveLength(1)
  })

  it("not at once because a handler could not pass a checkpoint on: that would bring about the next alert", async () => {
    const fleet = await world()
    await fleet.keepSealed()
    await fleet.append("alert-1", sample("AlertRaised"))
    await pass(5 * hour)
    expect(await fleet.sizes()).toStrictEqual([])
    await pass(hour)
    expect(await fleet.sizes()).toStrictEqual([1])
    const about = { kind: "target", name: "web-1" } as const
    await fleet.append("alert-2", {
      type: "AlertRaised",
      data: { ...payloads.AlertRaised, about },
      metadata,
      observedAt,
    })
    await pass(5 * minute)
    expect(await fleet.sizes()).toStrictEqual([1, 3])
  })

  it("for what an earlier process left, and at its own end", async () => {
    const fleet = await world()
    await fleet.change(3)
    const sealing = await fleet.keepSealed()
    await pass(5 * minute)
    expect(await fleet.sizes()).toStrictEqual([3])
    await fleet.change()
    await sealing.stop()
    expect(await fleet.sizes()).toStrictEqual([3, 5])
    await sealing.stop()
    expect(await fleet.sizes()).toStrictEqual([3, 5])
  })

  it("by one instance of several, by another when that one is gone", async () => {
    const fleet = await world()
    fleet.isOurs = false
    await fleet.keepSealed()
    await fleet.change()
    await pass(5 * minute)
    expect(await fleet.sizes()).toStrictEqual([])
    fleet.isOurs = true
    await pass(5 * minute)
    expect(await fleet.sizes()).toStrictEqual([1])
  })

  it("not while it is empty", async () => {
    const fleet = await world()
    const sealing = await fleet.keepSealed()
    await pass(day)
    expect(fleet.failures).toStrictEqual([])
    expect((await refusalOf(() => sealing.now())).code).toBe("NotFound")
  })
})

describe("a checkpoint that could not be made", () => {
  it("is told of, and made when it can be, though nothing else happens", async () => {
    const fleet = await world()
    const sealing = await fleet.keepSealed()
    await fleet.change()
    await sealing.now()
    const key = keyIn(fleet.folder)
    fs.chmodSync(key, 0o644)
    await fleet.change()
    await pass(5 * minute)
    expect(sealing.problem()).toMatch(/chmod 600/)
    expect(fleet.failures).toHaveLength(1)
    fs.chmodSync(key, 0o600)
    await pass(5 * minute)
    expect(sealing.problem()).toBeUndefined()
    expect(await fleet.sizes()).toStrictEqual([1, 3])
  })
})

describe("who keeps checkpoints hears of each", () => {
  it("once, in their order, by whomever it was asked for", async () => {
    const fleet = await world()
    const sealing = await fleet.keepSealed()
    await fleet.change()
    await Promise.all([sealing.now(), sealing.now()])
    await fleet.change()
    await pass(5 * minute)
    await settled()
    expect(fleet.told.map(({ size }) => size)).toStrictEqual(await fleet.sizes())
    expect(fleet.told).toHaveLength(2)
  })

  it("also of the one that a new key begins with", async () => {
    const fleet = await world()
    const sealing = await fleet.keepSealed()
    await fleet.change()
    await sealing.now()
    const rotated = await fleet.sealer.rotate()
    await settled()
    expect(fleet.told.at(-1)).toStrictEqual(rotated)
    const again = await fleet.sealer.rotate()
    await sealing.stop()
    expect(fleet.told.map(({ size }) => size)).toStrictEqual(await fleet.sizes())
    expect(fleet.told.at(-1)).toStrictEqual(again)
  })
})

describe("a signer vouches for no ledger", () => {
  /** A ledger of ten events and its checkpoint, and the file as it was at an earlier checkpoint. */
  async function cutBack(): Promise<World> {
    const fleet = await world()
    await fleet.change(5)
    await fleet.sealer.seal()
    const file = path.join(fleet.folder, "ledger.db")
    const backup = path.join(fleet.folder, "backup.db")
    await fleet.ledger.close()
    fs.copyFileSync(file, backup)
    const later = new World(fleet.folder)
    await later.append("target-2", ...changes(5))
    await later.sealer.seal()
    await later.ledger.close()
    for (const suffix of ["-wal", "-shm"]) fs.rmSync(file + suffix, { force: true })
    fs.copyFileSync(backup, file)
    return new World(fleet.folder)
  }

  it("that is smaller than the one it signed, not even with the checkpoint that is in it", async () => {
    const older = await cutBack()
    const refused = await refusalOf(() => older.sealer.seal())
    expect(refused).toMatchObject({ code: "LedgerForked" })
    expect(refused.message).toMatch(
      /^the ledger ends at position 5, but 11 events were signed: .*"fleet-ledger restore"/,
    )
    expect(await older.sizes()).toStrictEqual([5])
  })

  it("that has grown again to the size of the one it signed, or beyond", async () => {
    const older = await cutBack()
    for (const count of [5, 20]) {
      await older.append("target-3", ...changes(count))
      const refused = await refusalOf(() => older.sealer.seal())
      expect(refused).toMatchObject({ code: "LedgerForked" })
      expect(refused.message).toMatch(/^the first 11 events are not the ones that were signed: .*"fleet-ledger verify"/)
      expect((await refusalOf(() => older.sealer.rotate())).code).toBe("LedgerForked")
    }
    expect(await older.sizes()).toStrictEqual([5])
  })

  it("until somebody says that it was restored", async () => {
    const older = await cutBack()
    expect(await older.sealer.restored("the disk broke", "user:alice")).toMatchObject({ kept: 6, lost: 11 })
    expect(await older.sealer.restored("once more", "user:alice")).toBeUndefined()
    await older.append("target-3", ...changes(5))
    expect((await older.sealer.seal()).size).toBe(13)
  })
})
