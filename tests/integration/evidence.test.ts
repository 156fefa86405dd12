/** Evidence of a period as an auditor has it: one archive, checked by the one file that needs nothing, which names the first thing that is wrong. */
import { spawnSync } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { Readable } from "node:stream"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { Fleet } from "#fleet.js"
import { origin } from "#kernel/point.js"
import { tarEnd, tarFile } from "#kernel/tar.js"
import { type Answer, command, verifyEvidence, verifyExport } from "#ledger/proof/verify-export.js"
import { evidence } from "#operations/evidence.js"
import { read } from "#operations/invoke.js"
import { asker } from "#tests/support/asker.js"
import { nameOf, open, populate } from "#tests/support/folder-fleet.js"
import { often } from "#tests/support/often.js"
import { refusalOf } from "#tests/support/refusal.js"
import { sharedByTests } from "#tests/support/when-finished.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock, time } from "#tests/support/test-clock.js"

interface Part {
  readonly name: string
  readonly text: string
}

const principal = { name: "user:ada", scope: "admin" as const }

async function packed(fleet: Fleet, input: Record<string, unknown>): Promise<string> {
  const call = { fleet, principal, signal: new AbortController().signal, progress: () => {} }
  const { pieces } = await read(evidence, call, input)
  let text = ""
  for await (const piece of pieces) text += piece
  return text
}

/** As tar would take it apart. */
function partsIn(archive: string): Part[] {
  const bytes = Buffer.from(archive)
  const parts: Part[] = []
  for (let at = 0; bytes[at] !== 0;) {
    const name = bytes.toString("latin1", at, at + 100).split("\0", 1)[0] ?? ""
    const size = Number.parseInt(bytes.toString("latin1", at + 124, at + 135), 8)
    parts.push({ name, text: bytes.toString("utf8", at + 512, at + 512 + size) })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return parts
}

const archiveOf = (parts: readonly Part[]) =>
  parts.map(({ name, text }) => tarFile(name, text, time("2026-11-23T14:00:00.000Z"))).join("") + tarEnd

/** The header of an empty part, changed, with the sum that it has then. */
function headed(name: string, change: (header: Buffer) => unknown): Buffer {
  const header = Buffer.from(tarFile(name, "", time("2026-11-23T14:00:00.000Z")))
  change(header)
  header.fill(" ", 148, 156)
  const sum = header.reduce((all, byte) => all + byte, 0)
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148)
  return header
}

async function* chunksOf(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

interface Pack {
  readonly archive: string
  /** As the auditor has them. */
  readonly key: string
  readonly kept: string
}

/** A fleet that changed, sealed at the end of the period and behind it. */
async function fleetWithHistory(folder: string, clock = new TestClock()) {
  const fleet = await open(folder, "{}", clock)
  await populate(fleet, 3)
  const begin = (await fleet.ledger.head()).position
  clock.advance(3_600_000)
  await populate(fleet, 3, 3)
  await asker(fleet)("tag add", { target: nameOf(1), tag: "pci" })
  await asker(fleet)("token create", { name: "auditor" })
  const end = (await fleet.ledger.head()).position
  const ask = asker<{ key: string; note: string }>(fleet)
  const kept = (await ask("proof checkpoint")).note
  const { key } = await ask("proof key")
  return { fleet, begin, end, kept, key, ask, clock }
}

const said = ({ key, kept }: Omit<Pack, "archive">, archive: string | Uint8Array, size?: number): Promise<Answer> =>
  verifyEvidence(chunksOf(Buffer.from(archive), size), key, kept)

describe("evidence of a period", () => {
  let pack: Pack
  let parts: readonly Part[]
  let count: number
  /** Of another period, as well signed. */
  let otherManifest: string

  beforeAll(() =>
    sharedByTests(async () => {
      const { fleet, begin, end, kept, key } = await fleetWithHistory(await tempFolder())
      count = end - begin
      pack = { archive: await packed(fleet, { since: `position:${begin}`, at: `position:${end}` }), key, kept }
      const ofMore = await packed(fleet, { since: `position:${begin - 1}`, at: `position:${end}` })
      otherManifest = partsIn(ofMore).at(-1)?.text ?? ""
      parts = partsIn(pack.archive)
    }),
  )

  const partOf = (name: string) => parts.find((part) => part.name === name)?.text ?? ""
  const changed = (name: string, change: (text: string) => string) =>
    archiveOf(parts.map((part) => (part.name === name ? { name, text: change(part.text) } : part)))

  it("is what was signed, told by the one file alone, from a file and from standard input", async () => {
    const yes = {
      ok: true,
      message: `${count} events are the ones that were signed, and all ${parts.length - 1} parts are what the signed manifest says`,
    }
    for (const size of [1, 511, 65_536]) expect(await said(pack, pack.archive, size)).toEqual(yes)
    const file = path.join(await tempFolder(), "evidence.tar")
    fs.writeFileSync(file, pack.archive)
    const ask = (given: string, input: string | Uint8Array = "") =>
      command([given, "--key", pack.key, "--checkpoint", pack.kept], Readable.from([Buffer.from(input)]))
    for (const told of [await ask(file), await ask("-", pack.archive)])
      expect(told).toEqual({ status: 0, says: expect.stringMatching(/^yes: /), complains: "" })
    const { status, says } = await ask(
      "-",
      changed("access.json", (text) => text.replace("auditor", "nobody")),
    )
    expect([status, says]).toEqual([1, "NO: access.json was changed: it is not what the manifest says\n"])
  })

  it("is an archive that tar takes apart, with what was there at both ends", async () => {
    const out = await tempFolder()
    const { status } = spawnSync("tar", ["-xf", "-", "-C", out], { input: pack.archive })
    expect(status).toBe(0)
    for (const { name, text } of parts) expect(fs.readFileSync(path.join(out, name), "utf8")).toBe(text)
    const named = (end: string) =>
      partOf(`${end}/inventory-00001.ndjson`)
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { name: string }).name)
    expect([named("from").length, named("to").length]).toEqual([3, 6])
    expect(partOf("access.json")).toContain("token create auditor")
    expect(partOf("changes.html")).toMatch(/^<!doctype html>/)
    const hashes = partOf("manifest.txt")
      .split("\n")
      .filter((line) => /^[0-9a-f]{64} {2}/.test(line))
    expect(hashes).toHaveLength(parts.length - 1)
    const sum = crypto.createHash("sha256").update(partOf("to/health.json")).digest("hex")
    expect(hashes).toContain(`${sum}  to/health.json`)
  })

  it("is found wrong by any part of it that is another, which is named", async () => {
    for (const { name } of parts.filter((part) => part.name !== "manifest.txt" && !part.name.startsWith("events"))) {
      // What tells of no change of the key is empty.
      const other = changed(name, (text) => (text === "" ? "\n" : `${text.slice(0, -2)}~${text.slice(-1)}`))
      const { ok, message } = await said(pack, other)
      expect({ name, ok, isNamed: message.startsWith(`${name} was changed`) }).toEqual({
        name,
        ok: false,
        isNamed: true,
      })
    }
  })

  it("is found wrong by an event that is another, or gone", async () => {
    const name = "events-00001.ndjson"
    const lines = partOf(name).split("\n")
    const { position } = JSON.parse(lines[2] ?? "") as { position: number }
    const renamed = await said(
      pack,
      changed(name, (text) => text.replace(`"${nameOf(4)}"`, `"evil-4"`)),
    )
    expect(renamed).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^the event at position \d+ was changed/),
    })
    const gone = await said(
      pack,
      changed(name, () => [...lines.slice(0, 2), ...lines.slice(3)].join("\n")),
    )
    expect(gone).toMatchObject({
      ok: false,
      message: expect.stringContaining(`the event at position ${position} is gone`),
    })
    const cut = await said(
      pack,
      changed(name, () => lines.slice(0, -2).join("\n")),
    )
    expect(cut).toMatchObject({ ok: false, message: expect.stringContaining("cut off") })
  })

  it.each<[string, (all: readonly Part[]) => readonly Part[], RegExp]>([
    ["a part that is gone", (all) => all.filter(({ name }) => name !== "to/drift.json"), /^to\/drift\.json is gone/],
    [
      "no events",
      (all) => all.filter(({ name }) => !name.startsWith("events")),
      /^the events of the archive are cut off/,
    ],
    ["no manifest", (all) => all.slice(0, -1), /^the archive has no manifest/],
    [
      "a part that was put in",
      (all) => [...all.slice(0, -1), { name: "more.json", text: "{}" }, ...all.slice(-1)],
      /^more\.json is not in the manifest/,
    ],
    [
      "a part behind the manifest",
      (all) => [...all, { name: "more.json", text: "{}" }],
      /^more\.json follows the manifest/,
    ],
    [
      "parts in each other's place",
      (all) => [...all.slice(1, 2), ...all.slice(0, 1), ...all.slice(2)],
      /stands where the manifest names README\.txt/,
    ],
    ["a part twice", (all) => [...all.slice(0, 1), ...all], /^README\.txt stands where the manifest names/],
    [
      "one part under another's name",
      (all) => all.map((part) => (part.name === "to/health.json" ? { ...part, name: "to/wealth.json" } : part)),
      /^to\/health\.json is gone/,
    ],
    [
      "a manifest that says another hash",
      (all) =>
        all.map((part) =>
          part.name === "manifest.txt" ? { ...part, text: part.text.replace(/[0-9a-f]{64}/, "0".repeat(64)) } : part,
        ),
      /^the manifest is not signed by the key/,
    ],
    [
      "a manifest of another time",
      (all) =>
        all.map((part) =>
          part.name === "manifest.txt" ? { ...part, text: part.text.replace(/^to \d+ \d/m, "to 1 3") } : part,
        ),
      /^the manifest is not signed by the key/,
    ],
  ])("is found wrong by %s", async (_, change, why) => {
    expect(await said(pack, archiveOf(change(parts)))).toMatchObject({ ok: false, message: expect.stringMatching(why) })
  })

  it("is found wrong by what else was signed in the place of its manifest", async () => {
    const by = async (text: string) =>
      (
        await said(
          pack,
          changed("manifest.txt", () => text),
        )
      ).message
    expect(await by(pack.kept)).toMatch(/^the manifest is not one of evidence of fleet-ledger\//)
    expect(await by(otherManifest)).toBe("the manifest names another period than that of the events")
  })

  it("is found wrong by a change of the key that says nothing", async () => {
    const { message } = await said(
      pack,
      changed("rotations.ndjson", (text) => `${text}{}\n`),
    )
    expect(message).toBe("rotations.ndjson has a line that tells of no change of a key")
  })

  it("is found wrong where it is cut off, or something follows", async () => {
    const bytes = Buffer.from(pack.archive)
    for (const length of [0, 100, 700, bytes.length - 1_500, bytes.length - 1])
      expect(await said(pack, bytes.subarray(0, length))).toMatchObject({
        ok: false,
        message: expect.stringMatching(/cut off/),
      })
    expect(await said(pack, Buffer.concat([bytes, Buffer.from("x")]))).toMatchObject({
      ok: false,
      message: expect.stringMatching(/follows the end/),
    })
  })

  it("is found wrong by what stands where nothing is to stand: behind a part, and in its end", async () => {
    const { name, text } = parts.find((part) => Buffer.byteLength(part.text) % 512 !== 0) as Part
    const bytes = Buffer.from(pack.archive)
    const told = async (at: number) => {
      const other = Buffer.from(bytes)
      other.write("x", at)
      return (await said(pack, other)).message
    }
    const end = bytes.indexOf(text) + Buffer.byteLength(text)
    expect(await told(end)).toBe(`something stands between ${name} and what follows it`)
    expect(await told(bytes.length - 1)).toBe("something follows the end of the archive")
  })

  it.each<[string, (header: Buffer) => unknown]>([
    ["is a link", (header) => header.write("2", 156)],
    ["is of another format", (header) => header.write("gnutar", 257)],
    ["has no name", (header) => header.fill(0, 0, 100)],
    ["has a length in other digits", (header) => header.write("0000000009\0", 124)],
    ["has a length that does not end", (header) => header.write("000000000001", 124)],
  ])("is damaged where a part %s", async (_, change) => {
    expect(await said(pack, headed("README.txt", change))).toStrictEqual({
      ok: false,
      message: "the archive is damaged: there is no part of it at byte 0",
    })
  })

  it("is not kept in memory where its manifest is said to be longer than any is", async () => {
    const most = 64 * 1_024 * 1_024
    const ofLength = (size: number) =>
      said(
        pack,
        headed("manifest.txt", (header) => header.write(size.toString(8).padStart(11, "0"), 124)),
      )
    expect((await ofLength(most)).message).toMatch(/^the archive is cut off/)
    expect((await ofLength(most + 1)).message).toBe("manifest.txt is longer than any is")
  })

  it("is never taken for what was signed, whatever byte of it is another", async () => {
    const bytes = Buffer.from(pack.archive)
    const manifest = (all: readonly Part[]) => all.find(({ name }) => name === "manifest.txt")?.text.split("\n\n")[0]
    const others = (all: readonly Part[]) => all.filter(({ name }) => name !== "manifest.txt")
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const other = Buffer.from(bytes)
        other.writeUInt8((other.readUInt8(at) + by) % 256, at)
        const { ok } = await verifyEvidence(chunksOf(other, 65_536), pack.key, pack.kept)
        if (!ok) return
        // What a signature is written down as may differ.
        const found = partsIn(other.toString("utf8"))
        expect([others(found), manifest(found)]).toEqual([others(parts), manifest(parts)])
      }),
      { numRuns: often(70) },
    )
  })

  it("is not one of another ledger, nor by another's key", async () => {
    const other = await fleetWithHistory(await tempFolder(), new TestClock())
    expect(await said({ key: other.key, kept: other.kept }, pack.archive)).toMatchObject({ ok: false })
    expect(await said({ ...pack, kept: other.kept }, pack.archive)).toMatchObject({ ok: false })
    const theirs = await packed(other.fleet, { since: "position:0", at: `position:${other.end}` })
    const swapped = archiveOf([...parts.slice(0, -1), ...partsIn(theirs).slice(-1)])
    expect((await said(pack, swapped)).message).toMatch(/^the manifest is not signed by the key/)
    const lines = async function* () {
      yield* partOf("events-00001.ndjson").split("\n")
    }
    // The events are an export by themselves.
    expect(await verifyExport(lines(), pack.key, pack.kept)).toMatchObject({ ok: true })
  })
})

describe("evidence of a period before, within or behind which the key changed", () => {
  it("is proved by the key that was first, and by the one in force when it began", async () => {
    const { fleet, begin, key: first, ask } = await fleetWithHistory(await tempFolder())
    await ask("proof rotate")
    const { key: second } = await ask("proof key")
    const middle = (await fleet.ledger.head()).position
    await populate(fleet, 2, 10)
    await ask("proof rotate")
    const { key: third } = await ask("proof key")
    const { position: end } = await fleet.ledger.head()
    await populate(fleet, 1, 20)
    const { note: kept } = await ask("proof checkpoint")
    const [rotated] = await fleet.ledger.readAll({ after: origin, types: ["SigningKeyRotated"], limit: 1 })
    const change = rotated?.position ?? 0
    /** To whoever keeps each of the keys in a file. */
    const told = async (from: number, to: number) => {
      const archive = await packed(fleet, {
        since: `position:${from}`,
        at: `position:${to}`,
        checkpoint: Number(kept.split("\n")[1]),
      })
      const oks = []
      for (const key of [first, second, third]) oks.push((await said({ key: `${key}\n`, kept }, archive)).ok)
      return oks
    }
    expect(await told(0, begin)).toEqual([true, true, true])
    expect(await told(begin, middle)).toEqual([true, false, false])
    expect(await told(middle, end)).toEqual([true, true, false])
    expect(await told(begin, change)).toEqual([true, false, false])
    expect(await told(change - 1, end)).toEqual([true, false, false])
    expect(await told(change, end)).toEqual([true, true, false])
  })
})

describe("evidence of all that there is", () => {
  it("ends before the event that tells of the checkpoint, which nothing vouches for yet", async () => {
    const { fleet, key, kept } = await fleetWithHistory(await tempFolder())
    await packed(fleet, { since: "position:0" })
    // The account of the first is in it, and nothing comes after its checkpoint.
    const { size } = await fleet.sealing.now()
    const archive = await packed(fleet, { since: "position:0", at: `position:${size}` })
    expect(await said({ key, kept }, archive)).toMatchObject({ ok: true })
    expect(partsIn(archive).at(-1)?.text).toContain(`to ${size - 1} `)
  })
})

describe("evidence that cannot be", () => {
  it("is refused: of a period in which nothing was recorded, or by a checkpoint that there is not", async () => {
    const { fleet, end } = await fleetWithHistory(await tempFolder())
    const nothing = await refusalOf(() => packed(fleet, { since: `position:${end}`, at: `position:${end}` }))
    expect(nothing).toMatchObject({ code: "InvalidInput", message: expect.stringContaining("nothing was recorded") })
    const none = await refusalOf(() => packed(fleet, { since: "position:0", checkpoint: 2 }))
    expect(none).toMatchObject({ code: "NotFound" })
    const { size } = await fleet.sealing.now()
    await populate(fleet, 1, 30)
    const behind = await refusalOf(() => packed(fleet, { since: "position:0", checkpoint: size }))
    expect(behind).toMatchObject({
      code: "InvalidInput",
      message: expect.stringContaining(`--at position:${size - 1}`),
    })
  })

  it("is written down when it is taken", async () => {
    const { fleet } = await fleetWithHistory(await tempFolder())
    await packed(fleet, { since: "position:0" })
    const { items } = await asker<{ items: { what: string }[] }>(fleet)("access")
    expect(items.at(-1)).toMatchObject({ what: "evidence position:0" })
  })
})
