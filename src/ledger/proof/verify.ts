/**
 * Verifying a ledger: everything is derived anew from what is stored, in one pass in the order of the positions, and the first thing that is wrong is named. It
 * trusts nothing in the ledger but what the given keys and checkpoints vouch for.
 */
import { FleetError } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import { type EnvelopeHead, headIn, sealedLeaf } from "../leaf.js"
import type { IndexedEvent, Ledger, ReadAll } from "../port.js"
import { type Checkpoint, originIn, originOf, parseCheckpoint } from "./checkpoint.js"
import { type Note, type VerifierKey, isSignedBy, parseNote, parseVerifierKey } from "./note.js"
import { RecentTree } from "./recent-tree.js"
import { rotatedKey } from "./seal.js"
import { type Hash, type Subtree, cover, sameHash } from "./tree.js"

/** Events that were not looked at, as their archive is not there; the root that is kept of them is held against what was signed. */
export interface Unread {
  readonly first: Position
  readonly last: Position
  readonly message: string
}

/** What the ledger is held against. */
export interface Vouched {
  /** The key that signed first; the ledger itself says which one followed it. Unknown: the signatures are not checked. */
  readonly key?: VerifierKey | undefined
  /** Keys that may have followed it where the ledger cannot say so, because an archive is not there. */
  readonly laterKeys?: readonly VerifierKey[] | undefined
  /** Checkpoints kept outside the ledger. */
  readonly checkpoints: readonly { readonly where: string; readonly note: string }[]
}

export interface Verdict {
  /** Events of the ledger, also those that could not be read. */
  readonly events: number
  readonly root: string
  /** Checkpoints in the ledger and outside it that it agrees with. */
  readonly checkpoints: number
  readonly redacted: number
  readonly unread: readonly Unread[]
  /** The first thing that is wrong, if anything is; `position` where it lies, as near as can be said. */
  readonly wrong: { readonly position: Position | null; readonly message: string } | null
}

/** Few enough that most of a page is garbage before it is looked at for being so. */
const fastest = 250
/** Nothing belongs in front of the first event, and nothing there is to be overlooked. */
const beforeAll = Number.MIN_SAFE_INTEGER as Position
/** Subtrees of this height are compared with those that the ledger stores. */
const comparedLevel = 8

/**
 * @param progress is waited for after each page
 * @param pageSize events that are looked at in one turn of the event loop, in which nobody else is answered
 */
export async function verify(
  ledger: Ledger,
  vouched: Vouched,
  progress: (done: number, total: number) => void | Promise<void>,
  signal: AbortSignal,
  pageSize = fastest,
): Promise<Verdict> {
  const pass = new Pass(ledger, vouched)
  let { position: head } = await ledger.head()
  /** Everything up to here was seen before the head was looked for: what was redacted of it is told of by that. */
  let known = beforeAll
  try {
    for (let after = beforeAll; after < head;) {
      signal.throwIfAborted()
      const page = await pageBehind(ledger, { after, upTo: head, limit: pageSize })
      if ("unread" in page) {
        await pass.skip(page.unread)
        after = page.unread.last
        continue
      }
      if (page.events.length === 0) throw pass.gone()
      for (const event of page.events) for (const completed of pass.event(event)) await pass.compare(completed)
      after = page.events.at(-1)?.position ?? after
      await progress(after + 1, head + 1)
      // What was redacted meanwhile is told of behind what was there.
      if (after >= head && (pass.silent() ?? beforeAll) > known) {
        known = head
        head = (await ledger.head()).position
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    await pass.end()
    const fault = await ledger.fault()
    if (fault !== undefined) throw new Wrong(null, `events are not found where they are (${fault})`)
  } catch (error) {
    if (error instanceof Wrong) return pass.verdict(error)
    if (signal.aborted) throw new FleetError("Cancelled", "the verification was cancelled")
    throw error
  }
  return pass.verdict()
}

type Page = { readonly events: readonly IndexedEvent[] } | { readonly unread: Unread }

/** The next events up to an archive that cannot be read, or that archive. */
async function pageBehind(ledger: Ledger, asked: Omit<ReadAll, "types">): Promise<Page> {
  const { after } = asked
  try {
    return { events: await ledger.readStored(asked) }
  } catch (error) {
    if (!(error instanceof FleetError && error.code === "ArchiveUnavailable")) throw error
    const [first, last] = [Number(error.details["first"]), Number(error.details["last"])] as [Position, Position]
    // In front of the first archive nothing is to be there, nor to be overlooked.
    const front = after < first - 1 ? await pageBehind(ledger, { ...asked, upTo: (first - 1) as Position }) : undefined
    if (front !== undefined && !("events" in front && front.events.length === 0)) return front
    // What is there and cannot be read is not what was archived.
    if (error.details["is"] !== "missing") throw new Wrong(first, error.message)
    return { unread: { first, last, message: error.message } }
  }
}

class Wrong extends Error {
  readonly position: Position | null
  constructor(position: Position | null, message: string) {
    super(message)
    this.position = position
  }
}

interface Completed {
  readonly subtree: Subtree
  readonly root: Hash
}

const none: readonly Completed[] = []

/** What is looked at of an envelope, which whoever can write to the ledger's file may have made into anything. */
type Head = Pick<EnvelopeHead, "stream" | "revision" | "type" | "recordedAt">

class Pass {
  readonly #ledger: Ledger
  readonly #tree = new RecentTree()
  readonly #streams = new Map<string, { revision: number }>()
  /** Checkpoints still to be compared, by size. */
  readonly #expected = new Map<number, { where: string; checkpoint: Checkpoint; note: Note }[]>()
  readonly #given: Vouched["checkpoints"]
  readonly #redacted = new Set<number>()
  readonly #unread: Unread[] = []
  /** Revisions of streams as they were in front of the last archive that could not be read. */
  readonly #before = new Map<string, number>()
  readonly #laterKeys: readonly VerifierKey[]
  readonly #confessed = new Set<number>()
  readonly #restores: { readonly position: Position; readonly kept: number; readonly lost: number }[] = []
  #key: VerifierKey | undefined
  #origin = ""
  #recordedAt = ""
  #agreed = 0
  #lastAgreed = 0

  constructor(ledger: Ledger, { key, checkpoints, laterKeys = [] }: Vouched) {
    this.#ledger = ledger
    this.#key = key
    this.#laterKeys = laterKeys
    this.#given = checkpoints
  }

  /** The next event, where it is not. */
  gone(): Wrong {
    const next = this.#tree.size as Position
    return new Wrong(next, `the event at position ${next} is gone`)
  }

  /** @returns the larger subtrees that it completes, still to be compared with those that are stored */
  event(stored: IndexedEvent): readonly Completed[] {
    const { position, head: headText, data, seal, leaf, indexed } = stored
    if (position < 0) throw new Wrong(position, `there is an event at position ${position}, in front of the first`)
    if (position !== this.#tree.size) throw this.gone()
    const wrong = (what: string) => new Wrong(position, `the event at position ${position} ${what}`)
    const head = headIn(headText)
    if (head === undefined) throw wrong("is damaged: its envelope cannot be read")
    // A column's type is in the file too, and may be another than was declared.
    if (typeof data !== "string") throw wrong("is damaged: its payload is no text")
    if (!sameHash(sealedLeaf(headText, data, seal), leaf)) {
      throw wrong("was changed: its leaf is not that of its envelope and payload")
    }
    if ("dataHash" in seal) this.#redacted.add(position)
    const known = this.#streams.get(head.stream)
    const revision = known === undefined ? this.#beginOf(head) : known.revision + 1
    if (head.revision !== revision) {
      throw wrong(
        `is number ${head.revision} of ${head.stream}, where number ${revision} belongs: an event was taken out, put in or moved`,
      )
    }
    if (known === undefined) this.#streams.set(head.stream, { revision })
    else known.revision = revision
    const { stream, type, recordedAt } = indexed
    const isFound = stream === head.stream && indexed.revision === revision && type === head.type
    if (!isFound || recordedAt !== head.recordedAt) {
      throw wrong("is not found by what its envelope says: the stream, revision, type or time beside it was changed")
    }
    if (head.recordedAt < this.#recordedAt) throw wrong("was recorded before the one in front of it: events were moved")
    this.#recordedAt = head.recordedAt

    if (position === 0) this.#begin(originOf(leaf))
    if (head.stream === "ledger") this.#ofLedger(position, head.type, data)
    let completed = none
    this.#tree.push(leaf, (subtree, root) => {
      if (subtree.level >= comparedLevel) completed = [...completed, { subtree, root }]
    })
    this.#compareCheckpoints()
    return completed
  }

  /** Which one of a stream may be its first here: any later one, where the one before it may be among those that could not be read. */
  #beginOf({ stream, revision }: Head): number {
    const next = (this.#before.get(stream) ?? -1) + 1
    return this.#unread.length > 0 ? Math.max(next, revision) : next
  }

  /** Goes on behind an archive that is not there, by what the ledger keeps of it. */
  async skip(unread: Unread): Promise<void> {
    const { first, last } = unread
    if (first !== this.#tree.size) throw this.gone()
    if (first === 0) {
      const origin = await originIn(this.#ledger)
      if (origin !== undefined) this.#begin(origin)
    }
    const subtrees = cover(first, last + 1)
    this.#tree.skip(subtrees, await this.#ledger.nodes(subtrees))
    this.#unread.push(unread)
    for (const [stream, { revision }] of this.#streams) this.#before.set(stream, revision)
    this.#streams.clear()
    // Those of sizes in between cannot be compared.
    for (const size of this.#expected.keys()) if (size > first && size <= last) this.#expected.delete(size)
    this.#compareCheckpoints()
  }

  #begin(origin: string): void {
    this.#origin = origin
    for (const { where, note } of this.#given) this.#expect(where, note)
  }

  async end(): Promise<void> {
    const [missing] = [...this.#expected.entries()].sort(([a], [b]) => a - b)
    if (missing !== undefined) {
      const [size, [first]] = missing
      const at = this.#tree.size as Position
      this.#mustNotBeLost(first?.where ?? "", size)
      throw new Wrong(
        at,
        `the ledger ends before position ${at}, but ${first?.where} vouches for ${size} events: its tail is cut`,
      )
    }
    const silent = this.silent()
    if (silent !== undefined) {
      throw new Wrong(silent, `the payload at position ${silent} was taken away, and no DataRedacted says so`)
    }
  }

  /** The first redaction that nothing tells of so far. */
  silent(): Position | undefined {
    // What was redacted in front of an archive may be told of in it.
    const toldFrom = this.#unread.at(-1)?.last ?? -1
    return [...this.#redacted].find((position) => position > toldFrom && !this.#confessed.has(position)) as
      | Position
      | undefined
  }

  #ofLedger(position: Position, type: string, text: string): void {
    const data = (parsed(text) ?? {}) as JsonObject
    const note = typeof data["note"] === "string" ? data["note"] : ""
    if (type === "LedgerCheckpointed") {
      this.#checkpointed(`the checkpoint at position ${position}`, note, position)
    }
    if (type === "SigningKeyRotated") {
      const rotation = this.#signed(note, `the rotation at position ${position}`, position)
      if (this.#key !== undefined) this.#key = parseVerifierKey(rotatedKey(rotation.text))
    }
    if (type === "LedgerRestored") this.#restored(position, note, Number(data["kept"]), Number(data["lost"]))
    if (type === "DataRedacted") {
      const { positions } = data
      if (!Array.isArray(positions))
        throw new Wrong(position, `the redaction at position ${position} names no positions`)
      for (const at of positions) this.#confessed.add(Number(at))
    }
  }

  #restored(position: Position, note: string, kept: number, lost: number): void {
    this.#signed(note, `the restore at position ${position}`, position)
    this.#restores.push({ position, kept, lost })
  }

  /** What was signed and is lost cannot be held against a checkpoint of it; what has taken its place since is as long, and was signed as well. */
  #mustNotBeLost(where: string, size: number): void {
    const restore = this.#restores.find(({ kept, lost }) => kept < size && size <= lost)
    if (restore === undefined) return
    const { position, kept } = restore
    throw new Wrong(
      position,
      `${where} vouches for ${size} events, of which those from position ${kept} on are lost: the restore at position ${position} says so`,
    )
  }

  /** @throws Wrong unless the key in force signed it */
  #signed(note: string, where: string, position: Position | null): Note {
    let parsedNote: Note
    try {
      parsedNote = parseNote(note)
    } catch {
      throw new Wrong(position, `${where} is no signed note`)
    }
    // Which key a checkpoint from outside must be signed by shows when the tree has its size.
    if (position !== null) this.#mustBeSigned(parsedNote, where, position)
    return parsedNote
  }

  #mustBeSigned(note: Note, where: string, position: Position | null): void {
    if (this.#key === undefined || isSignedBy(note, this.#key)) return
    if (this.#unread.length > 0 && this.#laterKeys.some((key) => isSignedBy(note, key))) return
    throw new Wrong(position, `${where} is not signed by the key ${this.#key.text}`)
  }

  /** A checkpoint in the ledger vouches for what was there a moment before it. */
  #checkpointed(where: string, note: string, position: Position): void {
    const { checkpoint } = this.#checkpoint(where, note, position)
    const root = this.#tree.rootAt(checkpoint.size)
    const isUnread = this.#unread.some(({ first, last }) => checkpoint.size > first && checkpoint.size <= last)
    if (root === undefined && isUnread) return
    if (root === undefined) {
      throw new Wrong(
        position,
        `${where} vouches for ${checkpoint.size} events, which is not what was there when it was made`,
      )
    }
    this.#agree(where, checkpoint, root)
  }

  /** @throws Wrong unless it is signed, and of this ledger */
  #checkpoint(where: string, text: string, position: Position | null): { checkpoint: Checkpoint; note: Note } {
    const note = this.#signed(text, where, position)
    const checkpoint = checkpointIn(text)
    if (checkpoint === undefined) throw new Wrong(position, `${where} is not a checkpoint`)
    if (checkpoint.origin === this.#origin) return { checkpoint, note }
    throw new Wrong(
      position,
      `${where} is of another ledger: it says ${checkpoint.origin}, this one is ${this.#origin}`,
    )
  }

  #agree(where: string, { size, root: signed }: Checkpoint, root: Hash): void {
    if (!sameHash(root, signed)) {
      const from = this.#lastAgreed as Position
      throw new Wrong(
        from,
        `${where} vouches for ${size} events that are not these: something between position ${from} and ${size - 1} was changed`,
      )
    }
    this.#agreed += 1
    this.#lastAgreed = Math.max(this.#lastAgreed, size)
  }

  /** A checkpoint from outside is compared when the tree has its size. */
  #expect(where: string, note: string): void {
    const expected = { where, ...this.#checkpoint(where, note, null) }
    const { size } = expected.checkpoint
    this.#expected.set(size, [...(this.#expected.get(size) ?? []), expected])
  }

  #compareCheckpoints(): void {
    const { size } = this.#tree
    const due = this.#expected.get(size)
    if (due === undefined) return
    this.#expected.delete(size)
    for (const { where, checkpoint, note } of due) {
      if (!sameHash(this.#tree.root(), checkpoint.root)) this.#mustNotBeLost(where, size)
      this.#mustBeSigned(note, where, null)
      this.#agree(where, checkpoint, this.#tree.root())
    }
  }

  async compare({ subtree, root }: Completed): Promise<void> {
    const stored = await this.#stored(subtree)
    if (stored !== undefined && sameHash(stored, root)) return
    const width = 2 ** subtree.level
    const from = (subtree.index * width) as Position
    throw new Wrong(
      from,
      `something between position ${from} and ${from + width - 1} was changed or moved: the tree over it is another`,
    )
  }

  /** Undefined where the ledger has lost it. */
  async #stored(subtree: Subtree): Promise<Hash | undefined> {
    try {
      return (await this.#ledger.nodes([subtree]))[0]
    } catch (error) {
      if (error instanceof FleetError && error.code === "NotFound") return undefined
      throw error
    }
  }

  verdict(wrong?: Wrong): Verdict {
    return {
      events: this.#tree.size,
      root: Buffer.from(this.#tree.root()).toString("base64"),
      checkpoints: this.#agreed,
      redacted: this.#redacted.size,
      unread: this.#unread,
      wrong: wrong === undefined ? null : { position: wrong.position, message: wrong.message },
    }
  }
}

function checkpointIn(note: string): Checkpoint | undefined {
  try {
    return parseCheckpoint(note).checkpoint
  } catch {
    return undefined
  }
}

/** Undefined when it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
