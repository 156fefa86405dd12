/**
 * A block of an archive: some events in a row, as they were stored. Their texts, a line each, are compressed, without what nothing compresses: what they mention stands beside them as bytes,
 * where no block before has it, and the salts do. Leaves are not kept, nor are ids that follow from the rest: they are made of it.
 *
 *     mentions length-of-compressed length-of-lines (u32, little endian) compressed(lines numbers-of-mentions) seals
 */
import { promisify } from "node:util"
import * as zlib from "node:zlib"
import { saltBytes, type Seal } from "../leaf.js"
import { hashBytes } from "../proof/tree.js"
import { withId, withoutId } from "./derived-id.js"
import { type CopyUnits, type Mentions, unitBytes, unmarked } from "./mentions.js"
import { fromGroups, inGroups } from "./numbers.js"

export interface BlockEvent {
  readonly head: string
  readonly data: string
  readonly seal: Seal
}

/** A block has no more events, and ends with the one that brings its texts to so many characters. */
export const blockEvents = 64
export const blockCharacters = 262_144

const compress = promisify(zlib.brotliCompress)
/** In front of a payload that was redacted: behind it is its hash instead of a salt. JSON has no such character. */
const redactedMark = "\u0003"
const lengthsBytes = 8
/** More than a block has. */
const mostBytes = 4 * 1_048_576

/** Of the events of a fleet, quality 5 takes 78 bytes, 9 takes 78 and 11 takes 72, at 80 times the work; deflate takes 80. */
const quality = 5

export interface EncodedBlock {
  readonly bytes: Buffer
  /** The bytes of what it mentions that blocks before have, without which it cannot be read. */
  readonly foreign: Buffer
  /** Of what it is the first to mention. */
  readonly units: number
}

export async function encodeBlock(events: readonly BlockEvent[], mentions: Mentions): Promise<EncodedBlock> {
  const lines = events.map(
    ({ head, data, seal }) => `${withoutId(head)}\n${"salt" in seal ? "" : redactedMark}${data}\n`,
  )
  const { text, numbers, own, foreign } = mentions.mark(lines.join(""))
  const bytes = Buffer.from(text)
  const whole = Buffer.concat([bytes, inGroups(numbers)])
  const params = {
    [zlib.constants.BROTLI_PARAM_QUALITY]: quality,
    [zlib.constants.BROTLI_PARAM_SIZE_HINT]: whole.length,
  }
  const compressed = await compress(whole, { params })
  const lengths = Buffer.alloc(lengthsBytes)
  lengths.writeUInt32LE(compressed.length)
  lengths.writeUInt32LE(bytes.length, 4)
  const seals = events.map(({ seal }) => ("salt" in seal ? seal.salt : seal.dataHash))
  return {
    bytes: Buffer.concat([own, lengths, compressed, ...seals]),
    foreign,
    units: own.length / unitBytes,
  }
}

export interface DecodedBlock {
  readonly events: BlockEvent[]
  readonly foreign: Buffer
}

/** What of a file is needed to read a block of it. */
export interface InFile {
  /** Units that blocks before have. */
  readonly begin: number
  /** Units that it has itself. */
  readonly units: number
  readonly copy: CopyUnits
}

/** @throws whatever reading beyond the end or undoing the compression throws, for bytes that are no block */
export function decodeBlock(bytes: Buffer, { begin, units, copy }: InFile): DecodedBlock {
  const lengths = units * unitBytes
  const own = bytes.subarray(0, lengths)
  const start = lengths + lengthsBytes
  const end = start + bytes.readUInt32LE(lengths)
  const whole = zlib.brotliDecompressSync(bytes.subarray(start, end), { maxOutputLength: mostBytes })
  const lengthOfLines = bytes.readUInt32LE(lengths + 4)
  const numbers = fromGroups(whole.subarray(lengthOfLines))
  const { text, foreign } = unmarked({ text: whole.toString("utf8", 0, lengthOfLines), numbers, own }, begin, copy)
  const lines = text.split("\n")
  const events: BlockEvent[] = []
  let from = end
  for (let line = 0; line + 1 < lines.length; line += 2) {
    const data = lines[line + 1] as string
    const isRedacted = data.startsWith(redactedMark)
    const rest = bytes.subarray(from, from + (isRedacted ? hashBytes : saltBytes))
    events.push({
      head: withId(lines[line] as string),
      data: isRedacted ? data.slice(redactedMark.length) : data,
      seal: isRedacted ? { dataHash: rest } : { salt: rest },
    })
    from += rest.length
  }
  if (from !== bytes.length) throw new RangeError("a block has no such bytes")
  return { events, foreign }
}
