/**
 * A block of an archive: some events in a row, as they were stored. The texts, a line each, are compressed; the salts are not, as nothing compresses those.
 * Leaves are not kept: they are made of the rest.
 */
import { promisify } from "node:util"
import * as zlib from "node:zlib"
import { saltBytes, type Seal } from "../leaf.js"
import { hashBytes } from "../proof/tree.js"

export interface BlockEvent {
  readonly head: string
  readonly data: string
  readonly seal: Seal
}

/** A block has no more events, and ends with the one that brings its texts to so many characters. */
export const blockEvents = 64
export const blockCharacters = 262_144

const compress = promisify(zlib.brotliCompress)
const [isSalted, isRedacted] = [0, 1]

/** Of the events of a fleet, quality 5 takes 78 bytes, 9 takes 78 and 11 takes 72, at 80 times the work; deflate takes 80. */
const quality = 5

export async function encodeBlock(events: readonly BlockEvent[]): Promise<Buffer> {
  const text = Buffer.from(events.map(({ head, data }) => `${head}\n${data}\n`).join(""))
  const lines = await compress(text, {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: quality, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: text.length },
  })
  const length = Buffer.alloc(4)
  length.writeUInt32LE(lines.length)
  const seals = events.flatMap(({ seal }) =>
    "salt" in seal ? [Buffer.of(isSalted), seal.salt] : [Buffer.of(isRedacted), seal.dataHash],
  )
  return Buffer.concat([length, lines, ...seals])
}

/** @throws whatever reading beyond the end or undoing the compression throws, for bytes that are no block */
export function decodeBlock(bytes: Buffer): BlockEvent[] {
  const end = 4 + bytes.readUInt32LE(0)
  const lines = zlib.brotliDecompressSync(bytes.subarray(4, end)).toString("utf8").split("\n")
  const events: BlockEvent[] = []
  let at = end
  for (let line = 0; line + 1 < lines.length; line += 2) {
    const redacted = bytes.readUInt8(at) === isRedacted
    const rest = bytes.subarray(at + 1, at + 1 + (redacted ? hashBytes : saltBytes))
    const seal = redacted ? { dataHash: rest } : { salt: rest }
    events.push({ head: lines[line] as string, data: lines[line + 1] as string, seal })
    at += 1 + rest.length
  }
  if (at !== bytes.length) throw new RangeError("a block has no such bytes")
  return events
}
