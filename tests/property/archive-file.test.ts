/** The file of an archive gives back the texts that it was made of, whatever they mention, and has what nothing compresses once. */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as fc from "fast-check"
import { eventId } from "#kernel/ids.js"
import type { StreamName } from "#kernel/ids.js"
import { blockEvents, type BlockEvent } from "#ledger/archive/block.js"
import { Segment, writeSegment } from "#ledger/archive/segment.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it, onTestFinished } from "vitest"

const range = (events: readonly BlockEvent[]) => ({ origin: "here", first: 0, last: events.length - 1 })

async function written(events: readonly BlockEvent[]): Promise<string> {
  const file = path.join(await tempFolder(), "some.fla")
  await writeSegment(file, range(events), events)
  return file
}

function opened(file: string): Segment {
  const segment = new Segment(file, { first: 0, last: 0 })
  onTestFinished(() => segment.close())
  return segment
}

const sha256 = (text: string) => crypto.createHash("sha256").update(text).digest()
const hash = (no: number) => sha256(`${no}`).toString("hex")
const id = (no: number) => eventId(`target-${no}` as StreamName, -1, "any", 0)

/** Few, so that they come again; and what only looks like them. */
const mention = fc.oneof(
  fc.nat(8).map(hash),
  fc.nat(8).map(id),
  fc.nat(3).map((no) => hash(no) + hash(no + 1)),
  fc.nat(3).map((no) => hash(no).slice(1)),
  fc.nat(3).map((no) => `${hash(no)}a`),
  fc.nat(3).map((no) => hash(no).toUpperCase()),
  fc.nat(3).map((no) => `${id(no)}-${id(no + 1)}`),
  fc.string({ unit: "binary", maxLength: 8 }),
)
const value = fc.array(mention, { maxLength: 6 }).map((all) => all.join(""))
/** Of an event that a run wrote, or a handler, or somebody of whom nothing is said. */
const head = fc
  .record({
    metadata: fc.constantFrom(
      { actor: "discovery", runId: id(0) },
      { actor: "handler:rules", causationId: id(1) },
      { actor: "user:ada" },
    ),
    reason: value,
    command: fc.constantFrom(id(0), `handler:rules:${id(1)}`, "another"),
    index: fc.nat(20),
    revision: fc.nat(40),
    stream: fc.nat(3).map((no) => `target-${id(no)}` as StreamName),
  })
  .map(({ metadata, reason, command, index, revision, stream }) =>
    JSON.stringify({
      id: eventId(stream, revision - 1 - index, command, index),
      metadata: { ...metadata, reason },
      revision,
      schemaVersion: 1,
      stream,
      type: "TargetChanged",
    }),
  )
const event: fc.Arbitrary<BlockEvent> = fc.record({
  head: fc.oneof({ weight: 9, arbitrary: head }, { weight: 1, arbitrary: value.map((text) => JSON.stringify(text)) }),
  data: fc.dictionary(value, value, { maxKeys: 4 }).map((data) => JSON.stringify(data)),
  seal: fc.nat().map((no) => (no % 5 === 0 ? { dataHash: sha256(`${no}`) } : { salt: sha256(`${no}`).subarray(16) })),
})

/** An event of a container that was another one before. */
function recreated(no: number): BlockEvent {
  const [before, after] = [hash(no), hash(no + 1)]
  const stream = `service-${id(no % 3)}` as StreamName
  const metadata = { actor: "discovery", runId: id(99) }
  return {
    head: JSON.stringify({
      id: eventId(stream, no - 1, id(99), 0),
      metadata,
      revision: no,
      schemaVersion: 1,
      stream,
      type: "ServiceChanged",
    }),
    data: JSON.stringify({ before, after }),
    seal: { salt: sha256(`salt ${no}`).subarray(16) },
  }
}

const timesIn = (bytes: Buffer, part: Uint8Array) =>
  bytes.toString("latin1").split(Buffer.from(part).toString("latin1")).length - 1

describe("the file of an archive", () => {
  it("gives back what it was made of, each block by itself and in any order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 3 * blockEvents }), async (events) => {
        const segment = opened(await written(events))
        expect([...segment]).toEqual(events)
        const blocks = Array.from({ length: segment.blocks }, (_, block) => segment.read(block))
        for (let block = segment.blocks - 1; block >= 0; block--) expect(segment.read(block)).toEqual(blocks[block])
      }),
      { numRuns: 40 },
    )
  })

  it("has a hash once that ten blocks mention, and no id that follows from the run", async () => {
    const events = Array.from({ length: 10 * blockEvents }, (_, no) => recreated(no))
    const bytes = fs.readFileSync(await written(events))
    for (const no of [0, 1, blockEvents, 10 * blockEvents]) expect(timesIn(bytes, Buffer.from(hash(no), "hex"))).toBe(1)
    const { id: derived } = JSON.parse(events[70]?.head as string) as { readonly id: string }
    expect(timesIn(bytes, Buffer.from(derived.replaceAll("-", ""), "hex"))).toBe(0)
    // The hashes and salts, and little else.
    expect(bytes.length).toBeLessThan(events.length * (32 + 16 + 16))
  })

  it("is damaged for a block that mentions what was turned over in one before", async () => {
    const events = Array.from({ length: 2 * blockEvents }, (_, no) => recreated(no))
    const file = await written(events)
    const bytes = fs.readFileSync(file)
    const at = bytes.indexOf(Buffer.from(hash(blockEvents), "hex"))
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    fs.writeFileSync(file, bytes)
    const segment = opened(file)
    for (const block of [0, 1]) {
      const refused = await refusalOf(async () => segment.read(block))
      expect(refused).toMatchObject({ code: "ArchiveUnavailable", details: { is: "damaged" } })
    }
  })

  it("without its mark at the end is said to have no foot", async () => {
    const file = await written([recreated(0)])
    const bytes = fs.readFileSync(file)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
    fs.writeFileSync(file, bytes)
    const refused = await refusalOf(async () => opened(file))
    expect(refused.message).toContain("it has no foot")
  })

  it("of a format from before is refused by name", async () => {
    const file = path.join(await tempFolder(), "some.fla")
    const foot = Buffer.from(JSON.stringify({ format: 1, origin: "here", first: 0, last: 0, blocks: [] }))
    const length = Buffer.alloc(4)
    length.writeUInt32LE(foot.length)
    fs.writeFileSync(
      file,
      Buffer.concat([Buffer.from("FLA1"), foot, sha256(foot.toString()), length, Buffer.from("FLA1")]),
    )
    const refused = await refusalOf(() => new Segment(file, { first: 0, last: 0 }))
    expect(refused).toMatchObject({ code: "ArchiveUnavailable", details: { is: "damaged" } })
    expect(refused.message).toContain("format 1")
  })
})
