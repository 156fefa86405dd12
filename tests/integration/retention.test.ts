/** Archives in a fleet's life: by age, in backups, and while one is not there. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Fleet } from "#fleet.js"
import type { Position } from "#kernel/point.js"
import { rootAt } from "#ledger/proof/prove.js"
import { invoke } from "#operations/invoke.js"
import { status } from "#operations/status.js"
import { verify } from "#operations/verify.js"
import { archiveDue, archiver } from "#sealing/archive.js"
import { asker } from "#tests/support/asker.js"
import { configIn, open, populate } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it } from "vitest"
import { backup, restore } from "../../src/keeping.js"

const day = 86_400_000
const signal = new AbortController().signal
const watching = { progress: () => {}, signal }
const told = { actor: "user:alice", reason: "the disk failed" }
const principal = { name: "user:alice", scope: "admin" } as const
const call = (fleet: Fleet) => ({ fleet, principal, signal, progress: () => {} })
const archivesOf = (folder: string) => path.join(folder, "data", "ledger.db.archives")

async function populated(folder: string, clock = new TestClock()): Promise<Fleet> {
  const fleet = await open(folder, "{}", clock)
  await populate(fleet, 300)
  await fleet.reached((await fleet.ledger.head()).position)
  // Nothing goes that somebody who follows has not passed.
  await until(async () => (await fleet.subscriptions.list()).every(({ lag }) => lag === 0))
  return fleet
}

/** A fleet of 300 machines, two events each, whose first 512 events are in an archive. */
async function archived() {
  const folder = await tempFolder()
  const clock = new TestClock()
  const fleet = await populated(folder, clock)
  clock.advance(100 * 86_400_000)
  const rules = { afterMs: 90 * 86_400_000, leastEvents: 200, isOurs: () => true }
  const done = await archiveDue(fleet, rules, signal)
  const { size } = await fleet.sealing.now()
  return { folder, fleet, clock, rules, done, size, root: await rootAt(fleet.ledger, size) }
}

describe("what is old enough", () => {
  it("goes once it is worth a file, and not again", async () => {
    const { fleet, rules, done } = await archived()
    expect(done).toMatchObject({ events: 512 })
    expect(await archiveDue(fleet, rules, signal)).toBeUndefined()
    expect(await archiveDue(fleet, { ...rules, afterMs: undefined }, signal)).toBeUndefined()
    const answer = await invoke(status, call(fleet), { storage: true })
    expect(answer).toMatchObject({ storage: { archives: { files: 1, elsewhere: 0, events: 512 } } })
  })

  it("stays while somebody who follows has not passed it", async () => {
    const folder = await tempFolder()
    const { ledger, sealer, sealing } = await populated(folder)
    const archive = archiver(ledger, sealer, sealing, async () => 400 as Position)
    const upTo = (await ledger.head()).position
    expect(await archive(upTo, { actor: "system" }, watching)).toMatchObject({ events: 256 })
    expect(await archive(upTo, { actor: "system" }, watching)).toMatchObject({ events: 0, ranges: [] })
  })
})

describe("what is kept by its kind", () => {
  it("is a name by its type, unless it says itself for how long", async () => {
    const clock = new TestClock()
    const fleet = await open(await tempFolder(), "retention: { snapshots: { pre_deployment: 30d } }", clock)
    await populate(fleet, 1)
    const ask = asker<{ readonly expiresAt: string | null }>(fleet)
    const ends = async (input: Record<string, unknown>) => (await ask("snapshot create", input)).expiresAt
    const after = (days: number) => new Date(Date.parse(clock.now()) + days * day).toISOString()
    expect(await ends({ name: "a", type: "pre_deployment" })).toBe(after(30))
    expect(await ends({ name: "b", type: "pre_deployment", expires: "2d" })).toBe(after(2))
    expect(await ends({ name: "c", type: "pre_deployment", expires: "never" })).toBeNull()
    expect(await ends({ name: "d" })).toBeNull()
  })

  it("is what was set aside, until it is too long ago", async () => {
    const [clock, folder] = [new TestClock(), await tempFolder()]
    const config = "retention: { setAside: 30d }"
    const fleet = await open(folder, config, clock)
    await populate(fleet, 3)
    const park = async ({ ops }: Fleet, id: string, position: number) =>
      ops.deadLetters.park({
        id,
        handler: "somebody",
        position: position as Position,
        message: "no",
        attempts: 3,
        at: clock.now(),
      })
    const there = async ({ ops }: Fleet) =>
      (await ops.deadLetters.page({ position: -1, id: "" }, 10)).map(({ id }) => id)
    await park(fleet, "first", 0)
    clock.advance(20 * day)
    await park(fleet, "second", 1)
    expect(await there(fleet)).toStrictEqual(["first", "second"])
    clock.advance(20 * day)
    await park(fleet, "third", 2)
    expect(await there(fleet)).toStrictEqual(["second", "third"])
    await fleet.close()
    clock.advance(20 * day)
    expect(await there(await open(folder, config, clock))).toStrictEqual(["third"])
  })
})

describe("a backup of a ledger with archives", () => {
  it("has them, and restored it is the same ledger", async () => {
    const { folder, fleet, size, root } = await archived()
    const [config, file] = [configIn(folder), path.join(folder, "backup.db")]
    expect((await backup(config, file, watching)).unread).toStrictEqual([])
    await fleet.close()
    fs.rmSync(path.join(folder, "data"), { recursive: true })
    expect((await restore(config, file, told, watching)).unread).toStrictEqual([])
    const again = await open(folder)
    expect(await rootAt(again.ledger, size)).toStrictEqual(root)
    expect(await invoke(verify, call(again), {})).toMatchObject({ ok: true, unread: [] })
  })

  it("says which is elsewhere, and a restore takes that from beside the present ledger if it is there", async () => {
    const { folder, fleet, size, root } = await archived()
    const [config, file] = [configIn(folder), path.join(folder, "backup.db")]
    const { movedTo, file: place } = await fleet.ledger.archives.detach(0 as Position, folder)
    expect((await backup(config, file, watching)).unread).toMatchObject([{ first: 0, last: 511 }])
    await fleet.ledger.archives.attach(path.join(movedTo as string, path.basename(place)))
    await fleet.close()
    expect((await restore(config, file, told, watching)).unread).toStrictEqual([])
    const again = await open(folder)
    expect(await rootAt(again.ledger, size)).toStrictEqual(root)
    expect(await again.ledger.readAt([3 as Position])).toHaveLength(1)
  })
})

describe("while an archive is not there", () => {
  it("the fleet opens, records and seals; a rebuild says what it lacks and leaves the views", async () => {
    const { folder, fleet } = await archived()
    await fleet.close()
    fs.rmSync(archivesOf(folder), { recursive: true })
    const again = await open(folder)
    await populate(again, 1, 900)
    await again.reached((await again.ledger.head()).position)
    await again.sealing.now()
    expect(await invoke(verify, call(again), {})).toMatchObject({ ok: true, unread: [{ first: 0, last: 511 }] })
    const error = await refusalOf(() => again.rebuild(() => {}, signal))
    expect(error.code).toBe("ArchiveUnavailable")
    expect(await again.views.entities.page({ kind: "target", at: 9 as Position, limit: 5 })).toHaveLength(5)
  })
})
