#!/usr/bin/env node
/**
 * Checks an export of a ledger offline. One file that needs nothing but Node.js and trusts nothing but what it is given: it shares no line with the program
 * that made the export, so that an auditor can read it whole. Memory does not grow with the export; time does, linearly.
 *
 *     node verify-export.js EXPORT.ndjson --key KEY.txt --checkpoint KEPT.note
 *
 * KEY is the verifier key that signed first ("fleet-ledger proof key" prints it), CHECKPOINT a signed note that was kept elsewhere. Both are texts or files.
 * Exit code 0: every event is the one that was signed. 1: the first thing that is wrong was named. 2: it was called wrongly.
 *
 * What is checked, line by line: positions without gap; `leaf` = SHA-256(0x00 ‖ entry), the entry being the envelope with
 * dataHash = SHA-256(salt ‖ data) in front, the data in canonical JSON (RFC 8785; a redacted payload has only that hash); what the line says beside the envelope
 * is what the envelope says; the Merkle tree over the leaves (RFC 6962) against every
 * checkpoint that it passes, those within, the one at its end, and the one that was kept; each signed (C2SP signed-note, Ed25519) by the key in force.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"

type Json = Record<string, unknown>

/** The first thing that is wrong. */
class Wrong extends Error {}

// --- Bytes -----------------------------------------------------------------------------------------------------------------------------------

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer =>
  crypto.hash(
    "sha256",
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))),
    "buffer",
  )
const base64 = (value: unknown): Buffer => Buffer.from(typeof value === "string" ? value : "", "base64")
/** RFC 8785: members in the order of their names' UTF-16 units; numbers and texts are as JavaScript writes them. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? ""
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`
}

/** Undefined unless the text is a JSON object. */
function objectIn(text: unknown): Json | undefined {
  try {
    const value: unknown = JSON.parse(String(text))
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

const leafPrefix = Uint8Array.of(0)
const nodePrefix = Uint8Array.of(1)

/** Leaves that are remembered: from so many to twice as many. A checkpoint is signed a moment before its event is written, and others may come between. */
const remembered = 4_096

/** The complete subtrees to the left of where the export is: their number grows with the logarithm of the ledger. */
class Tree {
  size = 0
  #roots: { level: number; hash: Buffer }[] = []
  /** The tree as it was, and the leaves since, twice. */
  #recent: { before: Tree; leaves: Buffer[] }[] = []

  leaf(hash: Buffer): void {
    if (this.#recent.length === 0 || this.size % remembered === 0) {
      this.#recent = [{ before: this.copy(), leaves: [] }, ...this.#recent.slice(0, 1)]
    }
    this.#recent[0]?.leaves.push(hash)
    this.push(hash)
  }

  copy(): Tree {
    const copy = new Tree()
    copy.size = this.size
    copy.#roots = [...this.#roots]
    return copy
  }

  /** The root that it had at this size; undefined if that is too long ago. */
  rootAt(size: number): Buffer | undefined {
    const found = this.#recent.find(({ before }) => before.size <= size)
    if (size === this.size || found === undefined) return size === this.size ? this.root() : undefined
    const tree = found.before.copy()
    for (const hash of found.leaves.slice(0, size - tree.size)) tree.push(hash)
    return tree.root()
  }

  push(hash: Buffer, level = 0): void {
    this.size += 2 ** level
    let root = { level, hash }
    for (let last = this.#roots.at(-1); last?.level === root.level; last = this.#roots.at(-1)) {
      this.#roots.pop()
      root = { level: root.level + 1, hash: sha256(nodePrefix, last.hash, root.hash) }
    }
    this.#roots.push(root)
  }

  root(): Buffer {
    const hashes = this.#roots.map(({ hash }) => hash)
    return hashes.length === 0 ? sha256() : hashes.reduceRight((right, left) => sha256(nodePrefix, left, right))
  }
}

/** Levels of the fewest complete subtrees that hold the leaves from `begin` to before `end`. */
function levels(begin: number, end: number): number[] {
  const found: number[] = []
  for (let at = begin; at < end; at += 2 ** (found.at(-1) as number)) {
    let level = 0
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level += 1
    found.push(level)
  }
  return found
}

// --- Notes and keys --------------------------------------------------------------------------------------------------------------------------

interface Key {
  readonly text: string
  readonly name: string
  readonly id: Buffer
  readonly key: crypto.KeyObject
}

function keyOf(text: string): Key | undefined {
  const [, name = "", id = "", encoded = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? []
  const typed = Buffer.from(encoded, "base64")
  if (typed.length !== 33 || typed[0] !== 1) return undefined
  if (sha256(`${name}\n`, typed).subarray(0, 4).toString("hex") !== id) return undefined
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), typed.subarray(1)])
  return {
    text: text.trim(),
    name,
    id: Buffer.from(id, "hex"),
    key: crypto.createPublicKey({ key: der, type: "spki", format: "der" }),
  }
}

interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Buffer
}

/** The note's signed text, if the key signed it. */
function signedText(note: string, key: Key, where: string): string {
  const end = note.lastIndexOf("\n\n")
  const text = note.slice(0, end + 1)
  for (const line of note.slice(end + 2).split("\n")) {
    const [, name, encoded = ""] = /^— (\S+) (\S+)$/.exec(line) ?? []
    const bytes = Buffer.from(encoded, "base64")
    if (end < 0 || name !== key.name || !bytes.subarray(0, 4).equals(key.id)) continue
    if (crypto.verify(null, Buffer.from(text), key.key, bytes.subarray(4))) return text
  }
  throw new Wrong(`${where} is not signed by the key ${key.text}`)
}

function checkpointIn(text: string, where: string): Checkpoint {
  const [origin = "", size = "", root = ""] = text.split("\n")
  if (!/^\d{1,15}$/.test(size) || base64(root).length !== 32) throw new Wrong(`${where} is not a checkpoint`)
  return { origin, size: Number(size), root: base64(root) }
}

// --- The pass over the lines -------------------------------------------------------------------------------------------------------------------

/** What the first line says. */
interface Range {
  readonly origin: string
  readonly from: number
  readonly to: number
  readonly size: number
}

function isRange(from: unknown, to: unknown, size: unknown): boolean {
  const [a, b, c] = [from, to, size].map((each) => (Number.isSafeInteger(each) ? Number(each) : Number.NaN))
  return a !== undefined && b !== undefined && c !== undefined && 0 <= a && a <= b && b < c
}

class Pass {
  readonly #tree = new Tree()
  readonly #kept: Checkpoint
  readonly #keptNote: string
  #key: Key
  readonly #source: string
  #began: Range | undefined
  #agreed = 0
  #keptAgreed = false
  ended = false
  events = 0
  redacted = 0
  /** Redacted positions that no DataRedacted has named yet. */
  readonly #silent = new Set<number>()

  constructor(key: Key, kept: string) {
    this.#key = key
    this.#source = `urn:${key.name.replace("/", ":")}`
    // It may be signed by a later key than the first: which one shows when the tree has its size.
    this.#keptNote = kept
    this.#kept = checkpointIn(kept, "the checkpoint that was kept")
    if (this.#kept.origin !== key.name) {
      throw new Wrong(
        `the checkpoint that was kept is of ${this.#kept.origin}, the key is of ${key.name}: they belong to different ledgers`,
      )
    }
  }

  line(text: string): void {
    const line = objectIn(text)
    if (line === undefined) throw new Wrong(`${this.#here()} is not JSON`)
    if (this.ended) throw new Wrong("something follows the export's end")
    if (this.#began === undefined) this.#begin(line)
    else if (line["type"] === "fleet-ledger.export.ended") this.#end((line["data"] ?? {}) as Json)
    else this.#event(line)
  }

  #here(): string {
    return this.#began === undefined ? "the first line" : `the event at position ${this.#tree.size}`
  }

  #begin(line: Json): void {
    const { format, origin, from, to, size, left } = (line["data"] ?? {}) as Json
    if (line["type"] !== "fleet-ledger.export.began" || format !== 1 || !isRange(from, to, size)) {
      throw new Wrong("the first line does not begin an export of a format that is known here")
    }
    if (origin !== this.#key.name)
      throw new Wrong(`this is an export of ${String(origin)}, the key is of ${this.#key.name}`)
    this.#began = { origin, from: from as number, to: to as number, size: size as number }
    const hashes = Array.isArray(left) ? left : []
    const heights = levels(0, this.#began.from)
    if (hashes.length !== heights.length) throw new Wrong("the first line lacks hashes of what is before the range")
    for (const [i, level] of heights.entries()) this.#tree.push(base64(hashes[i]), level)
    if (this.#kept.size <= this.#began.from && this.#kept.size < this.#began.size) {
      throw new Wrong(
        `the checkpoint that was kept vouches for ${this.#kept.size} events, which end before this range begins: it says nothing of it`,
      )
    }
  }

  #event(line: Json): void {
    const position = this.#tree.size
    const where = this.#here()
    const { from, to } = this.#began as Range
    if (position > to) throw new Wrong(`there are more events than the first line says, at position ${position}`)
    if (line["position"] !== position)
      throw new Wrong(`${where} is gone: the line says position ${String(line["position"])}`)
    const { head, salt, datahash } = line
    const envelope = objectIn(head)
    if (typeof head !== "string" || envelope === undefined) throw new Wrong(`${where} has no envelope`)
    const leafWith = (data: string): Buffer => {
      const hash = salt === undefined ? base64(datahash) : sha256(base64(salt), data)
      return sha256(leafPrefix, `{"dataHash":"${hash.toString("hex")}",${head.slice(1)}`)
    }
    const claimed = base64(line["leaf"])
    // Members stand in the order that they were written in, which is the canonical one, unless their names look like numbers.
    let leaf = leafWith(JSON.stringify(line["data"]) ?? "")
    if (!leaf.equals(claimed)) leaf = leafWith(canonical(line["data"]))
    if (!leaf.equals(claimed)) throw new Wrong(`${where} was changed: its leaf is not that of its envelope and payload`)
    const { id, type, stream, recordedAt } = envelope
    const beside = [
      ["id", id],
      ["type", type],
      ["subject", stream],
      ["time", recordedAt],
      ["source", this.#source],
    ] as const
    for (const [name, value] of beside) {
      if (line[name] !== value) throw new Wrong(`${where} was changed: its "${name}" is not that of its envelope`)
    }
    if (position === 0 && from === 0 && this.#began?.origin !== `fleet-ledger/${leaf.toString("hex").slice(0, 32)}`) {
      throw new Wrong("this is another ledger: its first event is not the one that it is named by")
    }
    if (salt === undefined) {
      this.redacted += 1
      this.#silent.add(position)
    }
    if (stream === "ledger") this.#ofLedger(String(type), (line["data"] ?? {}) as Json, where)
    this.#tree.leaf(leaf)
    this.events += 1
    this.#compareKept()
  }

  /** What the ledger says of itself. */
  #ofLedger(type: string, { note, positions }: Json, where: string): void {
    if (type === "DataRedacted" && Array.isArray(positions))
      for (const at of positions) this.#silent.delete(at as number)
    if (type === "LedgerCheckpointed") {
      const checkpoint = checkpointIn(signedText(String(note), this.#key, where), where)
      this.#compare(checkpoint, where)
    }
    if (type === "SigningKeyRotated") {
      const next = keyOf(signedText(String(note), this.#key, where).trimEnd().split("\n").at(-1) ?? "")
      if (next === undefined) throw new Wrong(`${where} hands over to no key`)
      this.#key = next
    }
    if (type === "LedgerRestored") this.#restored(signedText(String(note), this.#key, where), where)
  }

  /** The text says how many events the restore kept, and how many had been signed before it. */
  #restored(text: string, where: string): void {
    const [, , kept = "", lost = ""] = text.split("\n")
    const { size } = this.#kept
    if (this.#keptAgreed || size <= Number(kept) || size > Number(lost)) return
    throw new Wrong(
      `the checkpoint that was kept vouches for ${size} events, of which those from position ${kept} on are lost: ${where}, a restore, says so`,
    )
  }

  #compare({ origin, size, root }: Checkpoint, where: string): void {
    const { origin: ours, from } = this.#began as Range
    if (origin !== ours) throw new Wrong(`${where} is a checkpoint of another ledger, ${origin}`)
    const there = size > this.#tree.size ? undefined : this.#tree.rootAt(size)
    // It vouches for what is before the range, and says nothing of it.
    if (there === undefined && size <= from) return
    if (there === undefined)
      throw new Wrong(`${where} vouches for ${size} events, which is not what was there when it was made`)
    if (!there.equals(root)) {
      throw new Wrong(
        `${where} vouches for ${size} events that are not these: something between position ${this.#agreed} and ${size - 1} was changed, moved or taken out`,
      )
    }
    this.#agreed = Math.max(this.#agreed, size)
  }

  #compareKept(): void {
    if (this.#kept.size !== this.#tree.size || this.#keptAgreed) return
    const where = "the checkpoint that was kept"
    signedText(this.#keptNote, this.#key, where)
    this.#compare(this.#kept, where)
    this.#keptAgreed = true
  }

  #end({ right, checkpoint: note }: Json): void {
    const { to, size } = this.#began as Range
    if (this.#tree.size !== to + 1)
      throw new Wrong(
        `${this.#here()} is gone: the export ends before position ${to}, where its first line says it ends`,
      )
    const hashes = Array.isArray(right) ? right : []
    const heights = levels(to + 1, size)
    if (hashes.length !== heights.length) throw new Wrong("the last line lacks hashes of what is after the range")
    for (const [i, level] of heights.entries()) this.#tree.push(base64(hashes[i]), level)
    this.#compareKept()
    const where = "the checkpoint at the export's end"
    this.#compare(checkpointIn(signedText(String(note), this.#key, where), where), where)
    if (!this.#keptAgreed) {
      const { size: kept } = this.#kept
      throw new Wrong(
        kept > size
          ? `the ledger was exported with ${size} events, but the checkpoint that was kept vouches for ${kept}: its tail is cut, or this is an older export`
          : `the checkpoint that was kept vouches for ${kept} events, of which this range shows only some; export it with --checkpoint ${kept}`,
      )
    }
    const [silent] = this.#silent
    // Within a range, the event that says so may lie behind it.
    if (silent !== undefined && to + 1 === size)
      throw new Wrong(`the payload at position ${silent} was taken away, and no DataRedacted says so`)
    this.ended = true
  }
}

// --- The command -------------------------------------------------------------------------------------------------------------------------------

export interface Answer {
  readonly ok: boolean
  readonly message: string
}

export async function verifyExport(lines: AsyncIterable<string>, keyText: string, checkpoint: string): Promise<Answer> {
  const key = keyOf(keyText)
  if (key === undefined) return { ok: false, message: "the key is not a verifier key, like <name>+<id>+<base64>" }
  try {
    const pass = new Pass(key, checkpoint)
    for await (const line of lines) if (line.trim() !== "") pass.line(line)
    if (!pass.ended) throw new Wrong("the export is cut off: it has no last line")
    const redacted = pass.redacted === 0 ? "" : `, ${pass.redacted} of them redacted`
    return { ok: true, message: `${pass.events} events${redacted} are the ones that were signed` }
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, message: error.message }
    throw error
  }
}

async function main(args: readonly string[]): Promise<number> {
  const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  const [file] = args
  const [key, checkpoint] = [option("--key"), option("--checkpoint")]
  if (file === undefined || file.startsWith("--") || key === undefined || checkpoint === undefined) {
    process.stderr.write(
      "usage: node verify-export.js EXPORT.ndjson --key KEY --checkpoint NOTE   (- reads the export from standard input)\n",
    )
    return 2
  }
  const textOf = (given: string) => (fs.existsSync(given) ? fs.readFileSync(given, "utf8") : given)
  const input = file === "-" ? process.stdin : fs.createReadStream(file)
  try {
    const { ok, message } = await verifyExport(linesOf(input), textOf(key), textOf(checkpoint))
    process.stdout.write(`${ok ? "yes" : "NO"}: ${message}\n`)
    return ok ? 0 : 1
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error
    process.stderr.write(`${file} cannot be read: ${error.message}\n`)
    return 2
  }
}

/** Split at line feeds alone: texts hold other things that end a line elsewhere. */
async function* linesOf(input: NodeJS.ReadStream | fs.ReadStream): AsyncGenerator<string> {
  let rest = ""
  for await (const chunk of input.setEncoding("utf8") as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
  }
  yield rest
}

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2))
}
