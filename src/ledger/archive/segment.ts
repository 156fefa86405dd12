/**
 * The file of an archive: blocks of events, then a foot that says which ledger and range they are, and of each block how many events and bytes it has, the hash of these and of what it takes from
 * blocks before, and how many units others may take from it.
 *
 *     "FLA1" blocks foot SHA-256(foot) length-of-foot(u32, little endian) "FLA1"
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import { hashBytes } from "../proof/tree.js"
import { type BlockEvent, blockCharacters, blockEvents, decodeBlock, encodeBlock } from "./block.js"
import { Mentions, unitBytes } from "./mentions.js"
import { lastUpTo } from "./numbers.js"

/** Which events an archive holds. */
export interface SegmentRange {
  /** Name of the ledger. */
  readonly origin: string
  readonly first: number
  readonly last: number
}

/** Events, bytes, SHA-256 in base64, units. */
type FootBlock = readonly [number, number, string, number]

interface Foot extends SegmentRange {
  readonly format: number
  readonly blocks: readonly FootBlock[]
}

/** Bytes of what is mentioned that are read together. */
const readAtOnce = 512

/** What an archive that cannot be read is. */
export type Unavailability = "missing" | "foreign" | "damaged"

const format = 2
const mark = Buffer.from("FLA1")
const tailBytes = hashBytes + 4 + mark.length
const mostFootBytes = 64 * 1_048_576

/** The one error of archives. */
export function unavailable(
  is: Unavailability,
  { first, last }: { readonly first: number; readonly last: number },
  file: string,
  message: string,
  cause?: unknown,
): FleetError {
  return new FleetError("ArchiveUnavailable", message, { details: { is, first, last, file }, cause })
}

/**
 * Writes the file anew and durably.
 *
 * @param events of the range, in order
 * @returns SHA-256 of the file, and its bytes
 */
export async function writeSegment(
  file: string,
  { origin, first, last }: SegmentRange,
  events: AsyncIterable<BlockEvent> | Iterable<BlockEvent>,
): Promise<{ readonly hash: Buffer; readonly bytes: number }> {
  const out = fs.openSync(file, "w", 0o600)
  try {
    const whole = crypto.createHash("sha256")
    let bytes = 0
    const write = (part: Buffer) => {
      whole.update(part)
      fs.writeSync(out, part)
      bytes += part.length
    }
    const blocks: FootBlock[] = []
    const mentions = new Mentions()
    let [block, characters]: [BlockEvent[], number] = [[], 0]
    const end = async () => {
      const { bytes: encoded, foreign, units } = await encodeBlock(block, mentions)
      write(encoded)
      blocks.push([block.length, encoded.length, sha256(encoded, foreign).toString("base64"), units])
      block = []
      characters = 0
    }
    write(mark)
    for await (const event of events) {
      block.push(event)
      characters += event.head.length + event.data.length
      if (block.length === blockEvents || characters >= blockCharacters) await end()
    }
    if (block.length > 0) await end()
    const foot = Buffer.from(JSON.stringify({ format, origin, first, last, blocks } satisfies Foot))
    const length = Buffer.alloc(4)
    length.writeUInt32LE(foot.length)
    write(Buffer.concat([foot, sha256(foot), length, mark]))
    fs.fsyncSync(out)
    return { hash: whole.digest(), bytes }
  } finally {
    fs.closeSync(out)
  }
}

export class Segment {
  readonly range: SegmentRange
  readonly #file: string
  readonly #fd: number
  readonly #blocks: Foot["blocks"]
  /** The offset in the range of each block's first event, in the file of its first byte, and the units that blocks before it have. */
  readonly #starts: readonly number[]
  readonly #offsets: readonly number[]
  readonly #units: readonly number[]
  /** Of what blocks mention, what was read last. */
  #read: { readonly offset: number; readonly bytes: Buffer } = { offset: 0, bytes: Buffer.alloc(0) }

  /** @throws FleetError `ArchiveUnavailable` for a file that is not there or no archive */
  constructor(file: string, about: { readonly first: number; readonly last: number }) {
    this.#file = file
    this.range = { origin: "", ...about }
    try {
      this.#fd = fs.openSync(file, "r")
    } catch (cause) {
      const message = `positions ${about.first} to ${about.last} are in the archive ${file}, which cannot be opened (${messageOf(cause)}); "fleet-ledger archive attach" puts a copy of it there`
      throw unavailable("missing", about, file, message, cause)
    }
    try {
      const { format: written, origin, first, last, blocks } = this.#foot()
      if (written !== format) throw new Error(`it has format ${String(written)}, this program knows ${format}`)
      this.range = { origin, first, last }
      this.#blocks = blocks
      let [events, bytes, units] = [0, mark.length, 0]
      const [starts, offsets, before]: [number[], number[], number[]] = [[], [], []]
      for (const [count, length, , own] of blocks) {
        starts.push(events)
        offsets.push(bytes)
        before.push(units)
        events += count
        bytes += length
        units += own
      }
      ;[this.#starts, this.#offsets, this.#units] = [starts, offsets, before]
      if (events !== last - first + 1) throw new Error("its blocks are not its range")
    } catch (cause) {
      fs.closeSync(this.#fd)
      throw this.#damaged(cause)
    }
  }

  /** Whether what is there under its name is still the file that was opened. */
  isThere(): boolean {
    const [opened, there] = [fs.fstatSync(this.#fd), fs.statSync(this.#file, { throwIfNoEntry: false })]
    return there !== undefined && there.ino === opened.ino && there.dev === opened.dev
  }

  #foot(): Foot {
    const { size } = fs.fstatSync(this.#fd)
    const tail = this.#bytes(size - tailBytes, tailBytes)
    const length = tail.readUInt32LE(hashBytes)
    if (!tail.subarray(-mark.length).equals(mark) || length > mostFootBytes) throw new Error("it has no foot")
    const foot = this.#bytes(size - tailBytes - length, length)
    if (!sha256(foot).equals(tail.subarray(0, hashBytes))) throw new Error("its foot was changed")
    return JSON.parse(foot.toString("utf8")) as Foot
  }

  get blocks(): number {
    return this.#blocks.length
  }

  /** Which block holds an event of the range. */
  blockOf(position: number): number {
    return lastUpTo(this.#starts, position - this.range.first)
  }

  /** The position of a block's first event. */
  firstOf(block: number): Position {
    return (this.range.first + (this.#starts[block] as number)) as Position
  }

  /** @throws FleetError `ArchiveUnavailable` if it is damaged */
  read(block: number): readonly BlockEvent[] {
    const [count, length, hash, units] = this.#blocks[block] as FootBlock
    try {
      const bytes = this.#bytes(this.#offsets[block] as number, length)
      const begin = this.#units[block] as number
      const { events, foreign } = decodeBlock(bytes, { begin, units, copy: (...asked) => this.#copy(...asked) })
      if (sha256(bytes, foreign).toString("base64") !== hash)
        throw new Error(`the block at byte ${this.#offsets[block]} was changed, or what it takes from others`)
      if (events.length !== count) throw new Error(`the block at byte ${this.#offsets[block]} has other events`)
      return events
    } catch (cause) {
      throw this.#damaged(cause)
    }
  }

  *[Symbol.iterator](): Iterator<BlockEvent> {
    for (let block = 0; block < this.blocks; block++) yield* this.read(block)
  }

  close(): void {
    fs.closeSync(this.#fd)
  }

  /** What is mentioned together was first mentioned together, so some of it is read at once. */
  #copy(unit: number, many: number, to: Buffer, at: number): void {
    const block = lastUpTo(this.#units, unit)
    const begin = (unit - (this.#units[block] as number)) * unitBytes
    const offset = (this.#offsets[block] as number) + begin
    let from = offset - this.#read.offset
    if (from < 0 || from + many > this.#read.bytes.length) {
      const left = (this.#blocks[block] as FootBlock)[3] * unitBytes - begin
      this.#read = { offset, bytes: this.#bytes(offset, Math.max(many, Math.min(left, readAtOnce))) }
      from = 0
    }
    this.#read.bytes.copy(to, at, from, from + many)
  }

  #bytes(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    if (offset < 0 || fs.readSync(this.#fd, bytes, 0, length, offset) !== length) throw new Error("it is cut off")
    return bytes
  }

  #damaged(cause: unknown): FleetError {
    const { first, last } = this.range
    const message = `the archive ${this.#file} of positions ${first} to ${last} is damaged (${messageOf(cause)}); put a copy of it there with "fleet-ledger archive attach"`
    return unavailable("damaged", this.range, this.#file, message, cause)
  }
}

/** SHA-256 of a file. */
export function hashOfFile(file: string): Buffer {
  const hash = crypto.createHash("sha256")
  const fd = fs.openSync(file, "r")
  try {
    const part = Buffer.alloc(1_048_576)
    for (let read = fs.readSync(fd, part); read > 0; read = fs.readSync(fd, part)) hash.update(part.subarray(0, read))
    return hash.digest()
  } finally {
    fs.closeSync(fd)
  }
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = crypto.createHash("sha256")
  for (const part of parts) hash.update(part)
  return hash.digest()
}
