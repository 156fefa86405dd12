/**
 * Taking over a whole export, verbatim: the same bytes at the same positions, so the same root, on any engine. Each event must be what its leaf says, and all of
 * them together what the checkpoint at the export's end vouches for.
 */
import { FleetError } from "#kernel/errors.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { Position } from "#kernel/point.js"
import { saltBytes } from "../leaf.js"
import type { Ledger, StoredEvent } from "../port.js"
import { type Checkpoint, originIn, parseCheckpoint } from "./checkpoint.js"
import { exportBegan, exportEnded, exportFormat } from "./export.js"
import { type VerifierKey, isSignedBy } from "./note.js"
import { rootAt } from "./prove.js"
import { hashBytes, sameHash } from "./tree.js"

export interface Imported {
  readonly events: number
  /** The signed note at the export's end, which the ledger agrees with. */
  readonly note: string
  readonly checkpoint: Checkpoint
}

const batchSize = 1_000

/**
 * Goes on where an import of the same export was interrupted.
 *
 * @param lines of the export
 * @param key that must have signed the checkpoint at its end; not checked without one
 * @throws FleetError `LedgerForked` if an event is not what was signed, or the ledger holds others; `InvalidInput` if this is no export of a whole ledger
 */
export async function importLines(
  lines: AsyncIterable<string>,
  ledger: Ledger,
  key: VerifierKey | undefined,
  progress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Imported> {
  let size: number | undefined
  let note: string | undefined
  let batch: StoredEvent[] = []
  const adopt = async () => {
    const { position: head } = await ledger.head()
    const there = batch.filter(({ position }) => position <= head)
    const leaves = await ledger.nodes(there.map(({ position }) => ({ level: 0, index: position })))
    const other = there.find(({ leaf }, i) => !sameHash(leaf, leaves[i] as Uint8Array))
    if (other !== undefined) {
      throw new FleetError("LedgerForked", `the ledger already holds another event at position ${other.position}`)
    }
    await ledger.adopt(batch.slice(there.length))
    progress((batch.at(-1)?.position ?? head) + 1, size ?? 0)
    batch = []
  }

  for await (const text of lines) {
    if (text === "") continue
    if (signal.aborted) throw new FleetError("Cancelled", "the import was cancelled")
    const line = parsed(text)
    if (size === undefined) size = sizeOf(line)
    else if (line["type"] === exportEnded) note = noteOf(line)
    else {
      batch.push(storedEvent(line))
      if (batch.length === batchSize) await adopt()
    }
  }
  if (size === undefined || note === undefined) throw notAnExport("it is cut off: it has no last line")
  await adopt()
  const { checkpoint, note: signed } = parseCheckpoint(note)
  const { position } = await ledger.head()
  if (position + 1 !== size || checkpoint.size !== size || !sameHash(await rootAt(ledger, size), checkpoint.root)) {
    throw new FleetError(
      "LedgerForked",
      `these ${position + 1} events are not the ${checkpoint.size} that the checkpoint at the export's end vouches for`,
    )
  }
  if (checkpoint.origin !== (await originIn(ledger))) {
    throw new FleetError("LedgerForked", "the checkpoint at the export's end is of another ledger")
  }
  if (key !== undefined && !isSignedBy(signed, key)) {
    throw new FleetError("LedgerForked", `the checkpoint at the export's end is not signed by the key ${key.text}`)
  }
  return { events: size, note, checkpoint }
}

function parsed(text: string): JsonObject {
  let line: Json
  try {
    line = JSON.parse(text) as Json
  } catch (cause) {
    throw notAnExport(`a line is not JSON: ${text.slice(0, 60)}`, cause)
  }
  if (!isObject(line)) throw notAnExport(`a line is no object: ${text.slice(0, 60)}`)
  return line
}

/** What the first line promises. */
function sizeOf({ type, data }: JsonObject): number {
  const { format, from, to, size } = isObject(data) ? data : {}
  if (type !== exportBegan || typeof size !== "number") throw notAnExport("its first line does not say what follows")
  if (format !== exportFormat)
    throw notAnExport(`it has format ${numberIn(format)}, and this program knows ${exportFormat}`)
  if (from !== 0 || to !== size - 1) {
    throw notAnExport(
      `it is a range of a ledger, positions ${numberIn(from)} to ${numberIn(to)} of ${size}: evidence, but no ledger`,
    )
  }
  return size
}

function numberIn(value: Json | undefined): string {
  return typeof value === "number" ? String(value) : "none"
}

function noteOf({ data }: JsonObject): string {
  const { checkpoint } = isObject(data) ? data : {}
  return typeof checkpoint === "string" ? checkpoint : ""
}

function storedEvent({ position, head, data, salt, datahash, leaf }: JsonObject): StoredEvent {
  if (typeof head !== "string" || !isPosition(position) || !isObject(data)) {
    throw notAnExport("a line is no event")
  }
  const seal = typeof salt === "string" ? { salt: bytes(salt, saltBytes) } : { dataHash: bytes(datahash, hashBytes) }
  return { position, head, data: canonicalJson(data), seal, leaf: bytes(leaf, hashBytes) }
}

function isPosition(value: Json | undefined): value is Position {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function bytes(value: Json | undefined, count: number): Uint8Array {
  const given = Buffer.from(typeof value === "string" ? value : "", "base64")
  if (given.length !== count) throw notAnExport("a line has a salt or a hash of another length than these have")
  return given
}

function notAnExport(why: string, cause?: unknown): FleetError {
  return new FleetError("InvalidInput", `this cannot be imported: ${why}`, { cause })
}
