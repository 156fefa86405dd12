/** Opening a data folder, and views that are disposable: built anew when asked, when damaged, and when they are of another ledger. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { NewEvent } from "#events/catalog.js"
import type { Fleet } from "#fleet.js"
import { type Position, origin } from "#kernel/point.js"
import { findEntity } from "#timeline/entity.js"
import { asker } from "#tests/support/asker.js"
import { idOf, nameOf, open, populate } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { itemsBetween } from "#tests/support/differences.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import Database from "better-sqlite3"
import { describe, expect, it } from "vitest"

const forever = new AbortController().signal
const silent = () => {}
/** Events that closing adds: the checkpoint over what was recorded. */
const closing = 1

async function namesAt({ views }: Fleet, at: Position): Promise<string[]> {
  return (await views.entities.page({ kind: "target", at, limit: 10_000 })).map(({ name }) => name)
}

const names = (count: number) => Array.from({ length: count }, (_, index) => nameOf(index)).sort()

describe("a rebuild", () => {
  it("makes equal views, and says so", async () => {
    const fleet = await open(await tempFolder())
    const head = await populate(fleet, 50)
    const steps: (readonly [number, number])[] = []
    const report = await fleet.rebuild((done, total) => steps.push([done, total]), forever)
    expect(report).toMatchObject({ events: head + 1, equal: true })
    expect(steps.at(-1)).toStrictEqual([head + 1, head + 1])
    await until(() => fleet.viewsState().state.is === "active")
    expect(fleet.viewsState().position).toBe(head)
    expect(await namesAt(fleet, head)).toStrictEqual(names(50))
  })

  it("leaves views that follow the ledger on, and nothing beside them", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    await populate(fleet, 5)
    await fleet.rebuild(silent, forever)
    const head = await populate(fleet, 5, 5)
    expect(await namesAt(fleet, head)).toStrictEqual(names(10))
    expect(fs.readdirSync(path.join(folder, "data")).filter((file) => file.includes("rebuild"))).toStrictEqual([])
    expect(await fleet.rebuild(silent, forever)).toMatchObject({ equal: true })
    await fleet.close()
    const again = await open(folder)
    expect(again.viewsState().position).toBe(head + closing)
    expect(await namesAt(again, head)).toStrictEqual(names(10))
  })

  it("makes all that readers go by", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    await populate(fleet, 5)
    const schema = () => {
      const db = new Database(path.join(folder, "data", "views.db"), { readonly: true })
      const parts = db.prepare<[], string>("SELECT name || ' ' || sql FROM sqlite_schema WHERE sql IS NOT NULL").pluck()
      const all = parts.all().toSorted()
      db.close()
      return all
    }
    const before = schema()
    await fleet.rebuild(silent, forever)
    expect(schema()).toStrictEqual(before)
  })

  it("lets reads be answered all the while, whenever they begin", async () => {
    const fleet = await open(await tempFolder())
    const head = await populate(fleet, 600)
    const read = async (number: number) => {
      const found = await findEntity(fleet.views, nameOf(number), head)
      await fleet.reached(head)
      const [first] = await itemsBetween(fleet.views, fleet.ledger, {
        from: (found.discovered - 1) as Position,
        to: found.discovered,
      })
      return first?.entity.name
    }
    const answers: Promise<string | undefined>[] = []
    const begin = () => {
      for (let count = 0; count < 30; count++) answers.push(read(answers.length))
    }
    expect(await fleet.rebuild(begin, forever)).toMatchObject({ equal: true })
    expect(answers.length).toBeGreaterThan(30)
    expect(await Promise.all(answers)).toStrictEqual(answers.map((_, number) => nameOf(number)))
  })

  it("takes in what is appended meanwhile, and whoever waits for it waits on", async () => {
    const fleet = await open(await tempFolder())
    await populate(fleet, 600)
    const done = new AbortController()
    const writer = async () => {
      let count = 600
      for (; !done.signal.aborted; count++) await populate(fleet, 1, count)
      return count
    }
    const written = writer()
    const rebuilt = await fleet.rebuild(silent, forever)
    done.abort()
    const count = await written
    expect(rebuilt.equal).toBe(true)
    expect(await namesAt(fleet, (await fleet.ledger.head()).position)).toStrictEqual(names(count))
  })

  it("waits for another that is under way, and so does a redaction", async () => {
    const fleet = await open(await tempFolder())
    await populate(fleet, 300)
    const secret = asker<{ payloads: number }>(fleet)("redact", { text: nameOf(299), reason: "nobody should know" })
    const [one, other] = await Promise.all([fleet.rebuild(silent, forever), fleet.rebuild(silent, forever)])
    expect([one.equal, other.equal, (await secret).payloads]).toEqual([true, true, 1])
    const head = await populate(fleet, 1, 300)
    expect(await namesAt(fleet, head)).toHaveLength(301)
    expect(await namesAt(fleet, head)).not.toContain(nameOf(299))
    expect(await fleet.rebuild(silent, forever)).toMatchObject({ equal: true })
  })

  it("that is cancelled leaves the views as they are", async () => {
    const fleet = await open(await tempFolder())
    const head = await populate(fleet, 20)
    const abort = new AbortController()
    const cancelled = await refusalOf(() => fleet.rebuild(() => abort.abort(), abort.signal))
    expect(cancelled.code).toBe("Cancelled")
    expect(await namesAt(fleet, head)).toStrictEqual(names(20))
    expect(await namesAt(fleet, await populate(fleet, 1, 20))).toStrictEqual(names(21))
  })
})

/** The size of a page of our stores, in bytes. */
const page = 16_384

const overwrite = (from: number, length: number) => (data: string) => {
  const file = fs.openSync(path.join(data, "views.db"), "r+")
  fs.writeSync(file, Buffer.alloc(length, 0xa5), 0, length, from)
  fs.closeSync(file)
}
const cut = (length: number) => (data: string) => fs.truncateSync(path.join(data, "views.db"), length)

/** Fills a fleet, closes it, does something to its folder and opens it again. */
async function reopened(tamper: (data: string) => void): Promise<{ fleet: Fleet; head: Position }> {
  const folder = await tempFolder()
  const before = await open(folder)
  const head = await populate(before, 300)
  await before.close()
  tamper(path.join(folder, "data"))
  return { fleet: await open(folder), head }
}

describe("views", () => {
  it.each<[string, (data: string) => void]>([
    ["whose header is overwritten", overwrite(0, 100)],
    ["whose schema is overwritten", overwrite(100, page - 100)],
    ["whose first page is overwritten", overwrite(0, page)],
    ["whose second page is overwritten", overwrite(page, page)],
    ["whose pages but the first are overwritten", overwrite(page, 20 * page)],
    ["that are cut short", cut(page)],
    ["that are cut within a page", cut(2 * page + 7)],
    ["that are empty", cut(0)],
    ["that are no database", (data) => fs.writeFileSync(path.join(data, "views.db"), "by far ".repeat(9_999))],
    ["that are gone", (data) => fs.rmSync(path.join(data, "views.db"))],
  ])("%s are built anew when the folder is opened", async (_, tamper) => {
    const { fleet, head } = await reopened(tamper)
    await fleet.reached(head)
    expect(await namesAt(fleet, head)).toStrictEqual(names(300))
    expect(await fleet.rebuild(silent, forever)).toMatchObject({ equal: true })
  })

  it("that are damaged where opening does not look are mended by a rebuild, which found them to differ", async () => {
    const { fleet, head } = await reopened(overwrite(3 * page, 40 * page))
    expect(await fleet.rebuild(silent, forever)).toMatchObject({ equal: false })
    expect(await namesAt(fleet, head)).toStrictEqual(names(300))
    expect(await fleet.rebuild(silent, forever)).toMatchObject({ equal: true })
  })

  it("that have stopped at an event are mended by a rebuild once it can be handled", async () => {
    const folder = await tempFolder()
    const before = await open(folder)
    const head = await populate(before, 3)
    await before.close()
    const views = new Database(path.join(folder, "data", "views.db"))
    views.exec("DELETE FROM records")
    views.close()
    const fleet = await open(folder)
    const patch = [{ op: "add" as const, path: "/packages/pkg:jq", value: {} }]
    const change: NewEvent = { type: "TargetChanged", data: { facet: "packages", patch }, metadata, observedAt }
    const { position } = await fleet.ledger.append(stream(`target-${idOf(0)}`), 1, [change], "another")
    expect((await refusalOf(() => fleet.reached(position))).code).toBe("ViewsBehind")
    expect(fleet.viewsState()).toMatchObject({
      position: head + closing,
      state: { is: "failed", after: head + closing },
    })
    expect(await fleet.rebuild(silent, forever)).toMatchObject({ equal: false })
    await fleet.reached(position)
    expect(await namesAt(fleet, position)).toStrictEqual(names(3))
  })

  it("stop at the event that they cannot fold, in the midst of a batch, and hold what is before it", async () => {
    const folder = await tempFolder()
    const before = await open(folder)
    const head = await populate(before, 3)
    const change = (where: string): NewEvent => {
      const patch = [{ op: "replace" as const, path: where, value: "7" }]
      return { type: "TargetChanged", data: { facet: "packages", patch }, metadata, observedAt }
    }
    const [good, poison] = [change("/packages/pkg:vim/version"), change("/packages/pkg:none/version")]
    const { ledger } = before
    await ledger.append(stream(`target-${idOf(0)}`), 1, [good, poison, good], "another")
    const at = (head + 2) as Position
    const refused = await refusalOf(() => before.reached(at))
    expect(refused.message).toContain(`stopped after position ${head + 1}: TargetChanged at position ${at}: `)
    expect(before.viewsState()).toMatchObject({ position: head + 1, state: { is: "failed", after: head + 1 } })
    const { no } = await findEntity(before.views, nameOf(0), head)
    expect(await before.views.inventory.document(no, at)).toMatchObject({ packages: { "pkg:vim": { version: "7" } } })
    await expect(before.rebuild(silent, forever)).rejects.toThrow(`TargetChanged at position ${at}: `)
    await before.subscriptions.resume("views")
    await until(() => before.viewsState().state.is === "failed")
    expect(before.viewsState().position).toBe(head + 1)
    expect((await before.subscriptions.list())[0]).toMatchObject({ name: "views", state: "failed", lag: 2 })
  })

  it("that are ahead of the ledger, which was restored from a backup, are built anew from it", async () => {
    const folder = await tempFolder()
    const data = path.join(folder, "data")
    const before = await open(folder)
    const backedUp = await populate(before, 10)
    await before.close()
    const backup = fs.readFileSync(path.join(data, "ledger.db"))
    const later = await open(folder)
    const head = await populate(later, 10, 10)
    await later.close()
    fs.writeFileSync(path.join(data, "ledger.db"), backup)
    for (const suffix of ["-wal", "-shm"]) fs.rmSync(path.join(data, `ledger.db${suffix}`), { force: true })
    const fleet = await open(folder)
    await fleet.reached(backedUp)
    expect(fleet.viewsState().position).toBe(backedUp + closing)
    expect(await namesAt(fleet, head)).toStrictEqual(names(10))
  })

  it("made by other projections are built anew", async () => {
    const { fleet, head } = await reopened((data) => {
      const views = new Database(path.join(data, "views.db"))
      views.exec("UPDATE made SET by = 'inventory 0'; CREATE TABLE former (name TEXT)")
      views.close()
    })
    await fleet.reached(head)
    expect(await namesAt(fleet, head)).toStrictEqual(names(300))
    expect(await fleet.rebuild(silent, forever)).toMatchObject({ equal: true })
  })
})

describe("a data folder", () => {
  it("is worked on by one at a time; the next is refused, and changes nothing", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    const head = await populate(fleet, 3)
    const refused = await refusalOf(() => open(folder, "policy: { retireAfterLooks: 9 }"))
    expect(refused).toMatchObject({ code: "FolderInUse", retryable: true })
    expect(refused.message).toContain(path.join(folder, "data"))
    expect((await fleet.ledger.head()).position).toBe(head)
    await fleet.close()
    expect((await (await open(folder)).ledger.head()).position).toBe(head + closing)
  })

  it("is free again when opening it has failed", async () => {
    const folder = await tempFolder()
    await (await open(folder)).close()
    const ledger = path.join(folder, "data", "ledger.db")
    const whole = fs.readFileSync(ledger)
    fs.writeFileSync(ledger, "no ledger")
    expect((await refusalOf(() => open(folder))).code).toBe("StoreDamaged")
    fs.writeFileSync(ledger, whole)
    expect((await (await open(folder)).ledger.head()).position).toBe(closing)
  })

  it("holds each policy that was in force, once, from where it was adopted", async () => {
    const folder = await tempFolder()
    const adopted: number[] = []
    for (const yaml of [
      "{}",
      "{}",
      "policy: {}",
      "policy: { retireAfterLooks: 7 }",
      "policy: { retireAfterLooks: 7 }",
      "{}",
    ]) {
      const fleet = await open(folder, yaml)
      const { position } = await fleet.ledger.head()
      await fleet.reached(position)
      adopted.push((await fleet.views.policy.at(position))?.retireAfterLooks ?? Number.NaN)
      await fleet.close()
    }
    expect(adopted).toStrictEqual([3, 3, 3, 7, 7, 3])
    const { ledger, views } = await open(folder)
    const events = await ledger.readAll({ after: origin, types: ["PolicyAdopted"], limit: 100 })
    expect(events.map(({ type, stream: name }) => `${type} on ${name}`)).toStrictEqual(
      Array.from({ length: 3 }, () => "PolicyAdopted on policy"),
    )
    expect(await views.policy.at(origin)).toBeUndefined()
    expect((await views.policy.at(events[1]?.position as Position))?.retireAfterLooks).toBe(7)
  })
})
