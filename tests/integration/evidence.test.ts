/** Evidence of a period, as an auditor has it: one archive, checked by one file with a key and a checkpoint that were kept elsewhere. */
import { execFileSync, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Fleet } from "#fleet.js"
import { tarEnd, tarFile } from "#kernel/tar.js"
import { type Answer, verifyEvidence } from "#ledger/proof/verify-export.js"
import { read } from "#operations/invoke.js"
import { evidence } from "#operations/evidence.js"
import { asker } from "#tests/support/asker.js"
import { open, populate } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { addHost, changeKernel } from "#tests/support/scripted-fleet.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { sharedByTests } from "#tests/support/when-finished.js"
import { beforeAll, describe, expect, it } from "vitest"

const hostile = '<img src=x onerror=alert(1)> "\u202e'

interface Kept {
  readonly archive: Buffer
  readonly key: string
  readonly note: string
}

interface Part {
  readonly name: string
  readonly text: string
}

async function archiveOf(fleet: Fleet, input: Record<string, unknown>): Promise<Buffer> {
  const principal = { name: "user:ada", scope: "read" } as const
  const call = { fleet, principal, signal: new AbortController().signal, progress: () => undefined }
  const { pieces } = await read(evidence, call, input)
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(Buffer.from(piece))
  return Buffer.concat(all)
}

/** Two machines before the period, changes within it, the key changed before, within and after it. */
async function audited(): Promise<Kept & { readonly fleet: Fleet; readonly folder: string }> {
  const folder = await tempFolder()
  const fleet = await open(folder)
  const ask = asker<Record<string, unknown>>(fleet)
  await populate(fleet, 2)
  const key = String((await ask("proof key"))["key"])
  await ask("proof rotate")
  const { position: begin } = await fleet.ledger.head()
  const web = await addHost(fleet, "web-9")
  await addHost(fleet, hostile)
  await ask("proof rotate")
  await changeKernel(fleet, web, "6.1.0", "6.1.1")
  const { position: end } = await fleet.ledger.head()
  await ask("proof rotate")
  await changeKernel(fleet, web, "6.1.1", "6.1.2")
  const { note, size } = await ask("proof checkpoint")
  const archive = await archiveOf(fleet, { since: `position:${begin}`, at: `position:${end}`, checkpoint: size })
  return { archive, key, note: String(note), fleet, folder }
}

function partsOf(archive: Buffer): Part[] {
  const parts = []
  for (let at = 0; archive[at] !== 0;) {
    const [name = ""] = archive.toString("latin1", at, at + 100).split("\0", 1)
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 135), 8)
    parts.push({ name, text: archive.toString("utf8", at + 512, at + 512 + size) })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return parts
}

const time = "2026-11-26T12:00:00.000Z" as Parameters<typeof tarFile>[2]
const packed = (parts: readonly Part[]): Buffer =>
  Buffer.from(parts.map(({ name, text }) => tarFile(name, text, time)).join("") + tarEnd)

async function* inChunks(archive: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size)
}

describe("evidence", () => {
  let kept: Awaited<ReturnType<typeof audited>>
  const saidOf = (archive: Buffer, { key, note } = kept, size = 1_000): Promise<Answer> =>
    verifyEvidence(inChunks(archive, size), key, note)

  beforeAll(() =>
    sharedByTests(async () => {
      kept = await audited()
    }),
  )

  it("holds the state at both ends, what was judged, what happened with proofs, coverage and access; and is what was signed", async () => {
    const parts = partsOf(kept.archive)
    const names = parts.map(({ name }) => name)
    for (const name of [
      "from/inventory-00001.ndjson",
      "to/inventory-00001.ndjson",
      "to/health.html",
      "access.json",
      "events-00001.ndjson",
    ])
      expect(names).toContain(name)
    expect(names.at(-1)).toBe("manifest.txt")
    const textOf = (name: string) => parts.find((part) => part.name === name)?.text ?? ""
    expect(textOf("from/inventory-00001.ndjson")).not.toContain("web-9")
    expect(textOf("to/inventory-00001.ndjson")).toContain("web-9")
    expect(textOf("to/health.html")).not.toContain("<img")
    const count = textOf("events-00001.ndjson").trim().split("\n").length - 2
    const yes = {
      ok: true,
      message: expect.stringContaining(
        `${count} events are the ones that were signed, and all ${parts.length - 1} parts`,
      ),
    }
    for (const size of [1, 511, 65_536]) expect(await saidOf(kept.archive, kept, size)).toEqual(yes)
  })

  it("is opened by tar, and checked by the one file", async () => {
    const folder = await tempFolder()
    const file = path.join(folder, "evidence.tar")
    fs.writeFileSync(file, kept.archive)
    expect(execFileSync("tar", ["--list", "--file", file], { encoding: "utf8" }).trim().split("\n")).toEqual(
      partsOf(kept.archive).map(({ name }) => name),
    )
    const verifier = path.resolve("dist/src/ledger/proof/verify-export.js")
    const args = [verifier, file, "--key", kept.key, "--checkpoint", kept.note]
    expect(spawnSync(process.execPath, args, { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" })
    fs.writeFileSync(file, kept.archive.subarray(0, -2_000))
    expect(spawnSync(process.execPath, args, { encoding: "utf8" })).toMatchObject({ status: 1 })
  })

  it("names each part that was changed, taken away, put elsewhere or added", async () => {
    const parts = partsOf(kept.archive)
    for (const [index, { name, text }] of parts.entries()) {
      const others = parts.toSpliced(index, 1)
      const changed = packed(parts.with(index, { name, text: text.replace(/[a-z](?=[^a-z]*$)/, "#") }))
      expect(await saidOf(changed), `${name} changed`).toMatchObject({ ok: false })
      expect(await saidOf(packed(others)), `${name} gone`).toMatchObject({ ok: false })
      const isPlain = !/^(?:events|rotations|manifest)/.test(name)
      if (isPlain) {
        expect((await saidOf(changed)).message).toBe(`${name} was changed: it is not what the manifest says`)
        expect((await saidOf(packed(others))).message).toBe(`${name} is gone: the manifest names it`)
      }
    }
    const more = { name: "access-of-others.json", text: "{}" }
    expect((await saidOf(packed([more, ...parts]))).message).toMatch(
      /stands where the manifest names README|not in the manifest/,
    )
    expect((await saidOf(packed([...parts, more]))).message).toMatch(/follows the manifest/)
  })

  it("is not what another ledger signed, nor proved by its checkpoint", async () => {
    const other = await audited()
    expect(await saidOf(kept.archive, other)).toMatchObject({ ok: false })
    expect(await saidOf(kept.archive, { ...kept, note: other.note })).toMatchObject({ ok: false })
    const [mine, theirs] = [partsOf(kept.archive), partsOf(other.archive)]
    const swapped = packed([...mine.slice(0, -1), theirs.at(-1) as Part])
    expect((await saidOf(swapped)).message).toMatch(/manifest/)
  })

  it("is damaged wherever a byte of a header fell over, and never a crash", async () => {
    for (let at = 0; at < 512; at += 7) {
      const damaged = Buffer.from(kept.archive)
      damaged[at] = (damaged[at] ?? 0) ^ 0x55
      expect(await saidOf(damaged), `byte ${at}`).toMatchObject({ ok: false })
    }
  })

  it("is refused of a period in which nothing was recorded", async () => {
    const refusal = await refusalOf(() => archiveOf(kept.fleet, { since: "position:2", at: "position:2" }))
    expect(refusal.message).toMatch(/nothing/)
  })

  it("is accounted for as an export", async () => {
    const { items } = await asker<{ items: unknown[] }>(kept.fleet)("access")
    expect(items).toContainEqual(expect.objectContaining({ what: expect.stringContaining("evidence") as unknown }))
  })
})
