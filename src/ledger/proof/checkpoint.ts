/**
 * Checkpoints (C2SP tlog-checkpoint): "this ledger's first so many events have this root", as a signed note. A ledger is named by its first leaf, so that no
 * two are called the same, on any engine, and a copy is called what it is a copy of.
 */
import { FleetError } from "#kernel/errors.js"
import { origin as beginning } from "#kernel/point.js"
import type { Ledger } from "../port.js"
import { type Note, parseNote } from "./note.js"
import { type Hash, hashBytes } from "./tree.js"

export interface Checkpoint {
  readonly origin: string
  /** Number of events. */
  readonly size: number
  readonly root: Hash
}

/** The name of a ledger, in its checkpoints and as the name of the keys that sign them. */
export function originOf(firstLeaf: Hash): string {
  return `fleet-ledger/${Buffer.from(firstLeaf).toString("hex").slice(0, 32)}`
}

/** The name of a ledger; undefined while it is empty. */
export async function originIn(ledger: Pick<Ledger, "head" | "nodes">): Promise<string | undefined> {
  if ((await ledger.head()).position === beginning) return undefined
  const [first] = await ledger.nodes([{ level: 0, index: 0 }])
  return first && originOf(first)
}

export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`
}

/** @throws FleetError `InvalidInput` */
export function parseCheckpoint(note: string): { readonly checkpoint: Checkpoint; readonly note: Note } {
  const parsed = parseNote(note)
  const [origin = "", size = "", root = ""] = parsed.text.split("\n")
  const hash = Buffer.from(root, "base64")
  const isNumber = /^(?:0|[1-9]\d*)$/.test(size) && Number.isSafeInteger(Number(size))
  if (origin === "" || !isNumber || hash.length !== hashBytes || hash.toString("base64") !== root) {
    throw new FleetError("InvalidInput", "this note is not a checkpoint: an origin, a number of events and a root")
  }
  return { checkpoint: { origin, size: Number(size), root: hash }, note: parsed }
}
