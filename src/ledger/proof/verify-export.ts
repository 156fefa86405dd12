#!/usr/bin/env node
/**
 * Checks an export of a ledger, or an archive of evidence, offline. One file that needs nothing but Node.js and trusts nothing but what it is given: it shares no
 * line with the program that made the export, so that an auditor can read it whole. Memory does not grow with the export; time does, linearly.
 *
 *     node verify-export.js EXPORT.ndjson --key KEY.txt --checkpoint KEPT.note
 *     node verify-export.js EVIDENCE.tar --key KEY.txt --checkpoint KEPT.note
 *
 * KEY is the verifier key that signed first ("fleet-ledger proof key" prints it), CHECKPOINT a signed note that was kept elsewhere. Both are texts or files.
 * Exit code 0: every event is the one that was signed. 1: the first thing that is wrong was named. 2: it was called wrongly.
 *
 * What is checked, line by line: positions without gap; `leaf` = SHA-256(0x00 ‖ entry), the entry being the envelope with
 * dataHash = SHA-256(salt ‖ data) in front, the data in canonical JSON (RFC 8785; a redacted payload has only that hash); what the line says beside the envelope
 * is what the envelope says; the Merkle tree over the leaves (RFC 6962) against every
 * checkpoint that it passes, those within, the one at its end, and the one that was kept; each signed (C2SP signed-note, Ed25519) by the key in force.
 *
 * Of evidence (tar, POSIX ustar) besides: the manifest, its last part, is signed by the key in force at the end, and names every part in its order with its SHA-256;
 * the events' parts together are one export, of the period that the manifest names. Where the key changed outside that period, the archive has the statements by
 * which each key handed over to the next.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import { StringDecoder } from "node:string_decoder"
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
const base64 = (value: unknown): Buffer => Buffer.from(textIn(value), "base64")
/** RFC 8785: members in the order of their names' UTF-16 units; numbers and texts are as JavaScript writes them. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? ""
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`
}

/** What should be a text; anything else is none. */
const textIn = (value: unknown): string => (typeof value === "string" ? value : "")

/** What is wrong may be named in words of whoever made it so: nothing of them tells a terminal what to do. */
const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd")

/** Undefined unless the text is a JSON object. */
function objectIn(text: unknown): Json | undefined {
  try {
    const value: unknown = JSON.parse(textIn(text))
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

/** Split at line feeds alone: texts hold other things that end a line elsewhere. */
class Lines {
  readonly #decoder = new StringDecoder("utf8")
  #rest = ""

  add(chunk: Uint8Array): string[] {
    const lines = (
      this.#rest + this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    ).split("\n")
    this.#rest = lines.pop() ?? ""
    return lines
  }

  end(): string[] {
    return [this.#rest + this.#decoder.end()]
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

/** The key that a rotation, signed by the one in force, hands over to. */
function handedOver(note: string, key: Key, where: string): Key {
  const next = keyNamedIn(signedText(note, key, where))
  if (next === undefined) throw new Wrong(`${where} hands over to no key`)
  return next
}

function keyNamedIn(text: string): Key | undefined {
  return keyOf(text.trimEnd().split("\n").at(-1) ?? "")
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

/** A position or a number of events. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** A statement by which a key hands over to the next. */
interface Rotation {
  readonly position: number
  readonly note: string
}

class Pass {
  readonly #tree = new Tree()
  readonly #kept: Checkpoint
  readonly #keptNote: string
  readonly #rotations: readonly Rotation[]
  #key: Key
  readonly #source: string
  #began: Range | undefined
  #agreed = 0
  #keptAgreed = false
  readonly #restores: { readonly where: string; readonly kept: number; readonly lost: number }[] = []
  ended = false
  events = 0
  redacted = 0
  /** Redacted positions that no DataRedacted has named yet. */
  readonly #silent = new Set<number>()

  /** @param rotations those of the ledger, oldest first, as far as they are told beside the events */
  constructor(key: Key, kept: string, rotations: readonly Rotation[] = []) {
    this.#key = key
    // A key that is not the first goes on from where it was put in force.
    const begun = rotations.findLastIndex(
      ({ note }) => keyNamedIn(note.slice(0, note.lastIndexOf("\n\n")))?.text === key.text,
    )
    this.#rotations = rotations.slice(begun + 1)
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

  /** The key in force where it has come to. */
  get key(): Key {
    return this.#key
  }

  /** What the first line says. */
  get range(): Range | undefined {
    return this.#began
  }

  line(text: string): void {
    try {
      this.#line(text)
    } catch (error) {
      if (error instanceof RangeError) throw new Wrong(`${this.#here()} is nested too deeply`)
      throw error
    }
  }

  #line(text: string): void {
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
    const isRange = isCount(from) && isCount(to) && isCount(size) && from <= to && to < size
    if (line["type"] !== "fleet-ledger.export.began" || format !== 1 || !isRange) {
      throw new Wrong("the first line does not begin an export of a format that is known here")
    }
    if (origin !== this.#key.name)
      throw new Wrong(`this is an export of ${textIn(origin)}, the key is of ${this.#key.name}`)
    this.#began = { origin, from, to, size }
    this.#rotate(({ position }) => position < from)
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

  /** Outside the range no event says who signs. */
  #rotate(isThere: (rotation: Rotation) => boolean): void {
    for (const { position, note } of this.#rotations.filter(isThere))
      this.#key = handedOver(note, this.#key, `the change of the key at position ${position}`)
  }

  #event(line: Json): void {
    const position = this.#tree.size
    const where = this.#here()
    const { from, to } = this.#began as Range
    if (position > to) throw new Wrong(`there are more events than the first line says, at position ${position}`)
    if (line["position"] !== position)
      throw new Wrong(`${where} is gone: the line says position ${JSON.stringify(line["position"])}`)
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
    if (stream === "ledger") this.#ofLedger(textIn(type), (line["data"] ?? {}) as Json, where)
    this.#tree.leaf(leaf)
    this.events += 1
    this.#compareKept()
  }

  /** What the ledger says of itself. */
  #ofLedger(type: string, { note, positions }: Json, where: string): void {
    if (type === "DataRedacted" && Array.isArray(positions))
      for (const at of positions) this.#silent.delete(at as number)
    if (type === "LedgerCheckpointed") {
      const checkpoint = checkpointIn(signedText(textIn(note), this.#key, where), where)
      this.#compare(checkpoint, where)
    }
    if (type === "SigningKeyRotated") this.#key = handedOver(textIn(note), this.#key, where)
    if (type === "LedgerRestored") this.#restored(signedText(textIn(note), this.#key, where), where)
  }

  /** The text says how many events the restore kept, and how many had been signed before it. */
  #restored(text: string, where: string): void {
    const [, , kept, lost] = text.split("\n")
    this.#restores.push({ where, kept: Number(kept), lost: Number(lost) })
  }

  /** What has taken the place of what is lost is as long, and was signed as well. */
  #mustNotBeLost(): void {
    const { size } = this.#kept
    const restore = this.#restores.find(({ kept, lost }) => kept < size && size <= lost)
    if (restore === undefined) return
    const { where, kept } = restore
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
    if (this.#tree.rootAt(this.#kept.size)?.equals(this.#kept.root) !== true) this.#mustNotBeLost()
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
    this.#rotate(({ position }) => position > to)
    this.#compareKept()
    const where = "the checkpoint at the export's end"
    this.#compare(checkpointIn(signedText(textIn(note), this.#key, where), where), where)
    if (!this.#keptAgreed) {
      const { size: kept } = this.#kept
      this.#mustNotBeLost()
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

// --- Evidence: an archive of parts ---------------------------------------------------------------------------------------------------------------

const block = 512
/** Parts that are read whole: they are far shorter. */
const longest = 64 * 1_024 * 1_024

/** Bytes as they are asked for, in whatever chunks they come. */
class Bytes {
  at = 0
  readonly #chunks: AsyncIterator<Uint8Array>
  #held = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** One at least, up to so many; none at the end. */
  async some(most: number): Promise<Buffer> {
    while (this.#held.length === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) return this.#held
      this.#held = Buffer.from(next.value)
    }
    const part = this.#held.subarray(0, most)
    this.#held = this.#held.subarray(part.length)
    this.at += part.length
    return part
  }

  async *next(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0;) {
      const part = await this.some(left)
      if (part.length === 0) throw new Wrong(`the archive is cut off, at byte ${this.at}`)
      left -= part.length
      yield part
    }
  }

  async exactly(count: number): Promise<Buffer> {
    const parts = []
    for await (const part of this.next(count)) parts.push(part)
    return Buffer.concat(parts)
  }
}

/** The name and the length that a header says; undefined for the end of the archive. */
function fileIn(header: Buffer, at: number): { readonly name: string; readonly size: number } | undefined {
  if (isEmpty(header)) return undefined
  const [name = ""] = header.toString("latin1", 0, 100).split("\0", 1)
  const [size, sum] = [header.toString("latin1", 124, 136), header.toString("latin1", 148, 156)]
  // The checksum is made with spaces in its own place.
  const bytes = [...header.subarray(0, 148), ...Buffer.alloc(8, 0x20), ...header.subarray(156)]
  const isIntact =
    sum ===
    `${bytes
      .reduce((all, byte) => all + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `
  const isFile = header.toString("latin1", 156, 157) === "0" && header.toString("latin1", 257, 265) === "ustar\u000000"
  if (!isIntact || !isFile || name === "" || !/^[0-7]{11}\0$/.test(size)) {
    throw new Wrong(`the archive is damaged: there is no part of it at byte ${at}`)
  }
  return { name, size: Number.parseInt(size, 8) }
}

function isEmpty(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}

interface PartSeen {
  readonly name: string
  readonly hash: string
}

/** Goes through an archive once: the events pass on, what is short is kept, of all the hash. */
class Evidence {
  readonly #key: Key
  readonly #checkpoint: string
  readonly #seen: PartSeen[] = []
  readonly #lines = new Lines()
  #rotations: readonly Rotation[] = []
  #pass: Pass | undefined
  #manifest: string | undefined

  constructor(key: Key, checkpoint: string) {
    this.#key = key
    this.#checkpoint = checkpoint
  }

  async read(bytes: Bytes): Promise<Answer> {
    for (;;) {
      const at = bytes.at
      const file = fileIn(await bytes.exactly(block), at)
      if (file === undefined) break
      await this.#part(bytes, file)
    }
    if (!isEmpty(await bytes.exactly(block)) || (await bytes.some(1)).length > 0)
      throw new Wrong("something follows the end of the archive")
    return this.#end()
  }

  async #part(bytes: Bytes, { name, size }: { readonly name: string; readonly size: number }): Promise<void> {
    if (this.#manifest !== undefined) throw new Wrong(`${name} follows the manifest, which is the last part`)
    const hash = crypto.createHash("sha256")
    const isEvents = /^events-\d+\.ndjson$/.test(name)
    const isKept = name === "manifest.txt" || name === "rotations.ndjson"
    if (isKept && size > longest) throw new Wrong(`${name} is longer than any is`)
    const kept: Buffer[] = []
    for await (const part of bytes.next(size)) {
      hash.update(part)
      if (isKept) kept.push(part)
      if (isEvents) for (const line of this.#lines.add(part)) this.#event(line)
    }
    if (!isEmpty(await bytes.exactly((block - (size % block)) % block)))
      throw new Wrong(`something stands between ${name} and what follows it`)
    if (name === "manifest.txt") this.#manifest = Buffer.concat(kept).toString("utf8")
    else this.#seen.push({ name, hash: hash.digest("hex") })
    if (name === "rotations.ndjson") this.#rotations = rotationsIn(Buffer.concat(kept).toString("utf8"))
  }

  #event(line: string): void {
    this.#pass ??= new Pass(this.#key, this.#checkpoint, this.#rotations)
    if (line.trim() !== "") this.#pass.line(line)
  }

  #end(): Answer {
    for (const line of this.#lines.end()) this.#event(line)
    const pass = this.#pass
    if (pass?.ended !== true) throw new Wrong("the events of the archive are cut off: they have no last line")
    if (this.#manifest === undefined) throw new Wrong("the archive has no manifest")
    const signed = signedText(this.#manifest, pass.key, "the manifest").trimEnd().split("\n")
    const [what, origin, from, to, ...parts] = signed
    if (what !== "fleet-ledger evidence" || origin !== this.#key.name)
      throw new Wrong(`the manifest is not one of evidence of ${this.#key.name}`)
    const named = [from, to].map((line) => Number(/^(?:from|to) (-?\d+) /.exec(line ?? "")?.[1] ?? Number.NaN))
    if (named[0] !== (pass.range?.from ?? 0) - 1 || named[1] !== pass.range?.to)
      throw new Wrong("the manifest names another period than that of the events")
    this.#compare(parts)
    const redacted = pass.redacted === 0 ? "" : `, ${pass.redacted} of them redacted,`
    return {
      ok: true,
      message: `${pass.events} events${redacted} are the ones that were signed, and all ${parts.length} parts are what the signed manifest says`,
    }
  }

  #compare(manifest: readonly string[]): void {
    const names = new Map(this.#seen.map((part) => [part.name, part]))
    for (const [index, line] of manifest.entries()) {
      const [, hash, name = ""] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? []
      const there = this.#seen[index]
      if (!names.has(name)) throw new Wrong(`${name} is gone: the manifest names it`)
      if (there?.name !== name) throw new Wrong(`${there?.name ?? "nothing"} stands where the manifest names ${name}`)
      if (there.hash !== hash) throw new Wrong(`${name} was changed: it is not what the manifest says`)
    }
    const more = this.#seen[manifest.length]
    if (more !== undefined) throw new Wrong(`${more.name} is not in the manifest`)
  }
}

function rotationsIn(text: string): readonly Rotation[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const { position, note } = objectIn(line) ?? {}
      if (typeof position !== "number" || typeof note !== "string")
        throw new Wrong("rotations.ndjson has a line that tells of no change of a key")
      return { position, note }
    })
}

// --- The command -------------------------------------------------------------------------------------------------------------------------------

export interface Answer {
  readonly ok: boolean
  readonly message: string
}

export async function verifyExport(lines: AsyncIterable<string>, keyText: string, checkpoint: string): Promise<Answer> {
  return answered(keyText, async (key) => {
    const pass = new Pass(key, checkpoint)
    for await (const line of lines) if (line.trim() !== "") pass.line(line)
    if (!pass.ended) throw new Wrong("the export is cut off: it has no last line")
    const redacted = pass.redacted === 0 ? "" : `, ${pass.redacted} of them redacted,`
    return { ok: true, message: `${pass.events} events${redacted} are the ones that were signed` }
  })
}

export async function verifyEvidence(
  chunks: AsyncIterable<Uint8Array>,
  keyText: string,
  checkpoint: string,
): Promise<Answer> {
  return answered(keyText, (key) => new Evidence(key, checkpoint).read(new Bytes(chunks)))
}

async function answered(keyText: string, verify: (key: Key) => Promise<Answer>): Promise<Answer> {
  const key = keyOf(keyText)
  if (key === undefined) return { ok: false, message: "the key is not a verifier key, like <name>+<id>+<base64>" }
  try {
    return await verify(key)
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, message: printable(error.message) }
    throw error
  }
}

export interface Said {
  /** 0: it is what was signed. 1: it is not. 2: it was called wrongly. */
  readonly status: number
  readonly says: string
  readonly complains: string
}

/** @param input of the process, in whatever chunks it comes */
export async function command(args: readonly string[], input: AsyncIterable<Uint8Array>): Promise<Said> {
  const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  const [file] = args
  const [key, checkpoint] = [option("--key"), option("--checkpoint")]
  if (file === undefined || file.startsWith("--") || key === undefined || checkpoint === undefined) {
    return wronglyCalled(
      "usage: node verify-export.js EXPORT.ndjson|EVIDENCE.tar --key KEY --checkpoint NOTE   (- reads it from standard input)",
    )
  }
  const textOf = (given: string) => (fs.existsSync(given) ? fs.readFileSync(given, "utf8") : given)
  try {
    const bytes = new Bytes(file === "-" ? input : (fs.createReadStream(file) as AsyncIterable<Uint8Array>))
    const first = await bytes.some(block)
    const all = chunksOf(first, bytes)
    const { ok, message } = first.toString("latin1", 257, 262).startsWith("ustar")
      ? await verifyEvidence(all, textOf(key), textOf(checkpoint))
      : await verifyExport(linesOf(all), textOf(key), textOf(checkpoint))
    return { status: ok ? 0 : 1, says: `${ok ? "yes" : "NO"}: ${message}\n`, complains: "" }
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error
    return wronglyCalled(`${file} cannot be read: ${error.message}`)
  }
}

function wronglyCalled(complaint: string): Said {
  return { status: 2, says: "", complains: `${complaint}\n` }
}

async function* chunksOf(first: Uint8Array, rest: Bytes): AsyncGenerator<Uint8Array> {
  yield first
  for (let chunk = await rest.some(65_536); chunk.length > 0; chunk = await rest.some(65_536)) yield chunk
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const lines = new Lines()
  for await (const chunk of chunks) yield* lines.add(chunk)
  yield* lines.end()
}

/* v8 ignore start -- @preserve: tried in a process of its own, which is not looked into */
if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { status, says, complains } = await command(process.argv.slice(2), process.stdin)
  process.stdout.write(says)
  process.stderr.write(complains)
  process.exitCode = status
}
/* v8 ignore stop -- @preserve */
