/**
 * Takes a long JSON text apart while it comes: the objects in the `entities` of a document, or objects that stand one after another, as lines do. Looks at
 * nothing but quotes and brackets; whether a piece is JSON shows when it is parsed.
 */
import { FleetError } from "#kernel/errors.js"

/** Of an inventory, in bytes: it is understood as a whole before anything of it is recorded. */
const longest = 128 * 2 ** 20
/** Of one entity, or of what stands around all of them: far more than an event may have. */
const longestPiece = 4 * 2 ** 20

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = Buffer.from('"\\{}[]')

/** What may stand between objects. */
const between = new Set(Buffer.from(" \t\r\n,"))
const byteOrderMark = Buffer.from("\uFEFF")

export type Part =
  | { readonly is: "entity"; readonly text: string }
  /** The last part, where there is a document: what it holds besides, with no entities. */
  | { readonly is: "document"; readonly text: string }

/** @throws FleetError `InvalidInput` when it is too long, ends in the midst of something, or is of another shape */
export async function* split(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  /** What has come and is not given out yet, and how far it has been looked at. */
  let pending: Buffer = Buffer.alloc(0)
  let at = 0
  /** Where the object begins that is being looked at; −1 between objects. */
  let start = -1
  let depth = 0
  let inText = false
  /** The document up to its entities; its end is what is pending `after` them. */
  let document: string | undefined
  let where: "first" | "entities" | "lines" | "after" = "first"
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > longest)
      throw wrong(`it is longer than ${longest / 2 ** 20} MiB; import it in parts, each from an export with a filter`)
    pending = Buffer.concat([pending, chunk])
    let given = 0
    for (; at < pending.length && where !== "after"; at++) {
      const byte = pending[at] as number
      if (inText) {
        if (byte === backslash) at += 1
        else if (byte === quote) inText = false
      } else if (start === -1) {
        if (byte === openBrace) [start, depth] = [at, 1]
        else if (byte === closeBracket && where === "entities") [where, given] = ["after", at]
        else if (!between.has(byte) && !(where === "first" && byteOrderMark.includes(byte))) throw otherwise()
      } else if (byte === quote) inText = true
      else if (byte === openBrace || byte === openBracket) {
        depth += 1
        if (where === "first" && depth === 2 && byte === openBracket && endsWithEntities(pending.subarray(0, at))) {
          document = pending.toString("utf8", start, at + 1)
          ;[where, given, start] = ["entities", at + 1, -1]
        }
      } else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1
        if (depth > 0) continue
        yield { is: "entity", text: pending.toString("utf8", start, at + 1) }
        ;[where, given, start] = [where === "first" ? "lines" : where, at + 1, -1]
      }
    }
    pending = pending.subarray(given)
    at -= given
    if (start !== -1) start -= given
    if (pending.length > longestPiece) throw wrong(`one object in it is longer than ${longestPiece / 2 ** 20} MiB`)
  }
  if (start !== -1 || where === "entities") throw wrong("it ends in the midst of something")
  if (document !== undefined) yield { is: "document", text: `${document}${pending.toString("utf8")}` }
}

function endsWithEntities(before: Buffer): boolean {
  return /"entities"\s*:\s*$/.test(before.toString("latin1", Math.max(0, before.length - 200)))
}

function otherwise(): FleetError {
  return wrong('it must be an object with "entities", or objects one after another')
}

function wrong(what: string): FleetError {
  return new FleetError("InvalidInput", `the inventory cannot be understood: ${what}`)
}
