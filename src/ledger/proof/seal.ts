/**
 * Sealing: signs what the ledger has become, in checkpoints that are events of it and are remembered outside it. The signer never vouches for a ledger that
 * is smaller than, or differs from, one that it vouched for before: such a ledger was cut, rewritten or restored, and somebody has to say which.
 */
import * as crypto from "node:crypto"
import type { EventData, NewEvent } from "#events/catalog.js"
import type { Clock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import { newestOf } from "../newest-of.js"
import { type Ledger, ledgerStream, noStream } from "../port.js"
import { type Checkpoint, checkpointText, originIn, parseCheckpoint } from "./checkpoint.js"
import type { KeyFolder } from "./key.js"
import { type Signer, type VerifierKey, isSignedBy, parseNote, signNote, signerOf } from "./note.js"
import { rootAt } from "./prove.js"
import { sameHash } from "./tree.js"

export interface SealedCheckpoint {
  readonly size: number
  /** The signed note. */
  readonly note: string
  /** Of the event that tells of it. */
  readonly position: Position
}

export class Sealer {
  readonly #ledger: Ledger
  readonly #keys: KeyFolder
  readonly #clock: Clock
  readonly #sealed: (checkpoint: SealedCheckpoint) => void
  #busy: Promise<unknown> = Promise.resolve()

  /** @param sealed hears of every checkpoint, once it is in the ledger */
  constructor(
    ledger: Ledger,
    keys: KeyFolder,
    clock: Clock,
    sealed: (checkpoint: SealedCheckpoint) => void = () => {},
  ) {
    this.#ledger = ledger
    this.#keys = keys
    this.#clock = clock
    this.#sealed = sealed
  }

  /** The name of the ledger. @throws FleetError `NotFound` while it is empty */
  async origin(): Promise<string> {
    const origin = await originIn(this.#ledger)
    if (origin === undefined) throw new FleetError("NotFound", "the ledger is empty: there is nothing to vouch for yet")
    return origin
  }

  async signer(): Promise<Signer> {
    const origin = await this.origin()
    return signerOf(origin, this.#keys.privateKey(origin))
  }

  /** Whether the key that the ledger says signs it is here. */
  async hasKey(): Promise<boolean> {
    try {
      await this.#inForce()
      return true
    } catch (error) {
      if (error instanceof FleetError && error.code === "LedgerForked") return false
      throw error
    }
  }

  /** The newest checkpoint. */
  async latest(): Promise<SealedCheckpoint | undefined> {
    const event = await newestOf(this.#ledger, "LedgerCheckpointed")
    return event && { ...event.data, position: event.position }
  }

  /** Whether something was appended after the newest checkpoint's event. */
  async isDue(): Promise<boolean> {
    const { position } = await this.#ledger.head()
    const last = await this.latest()
    return position >= 0 && !isWhole(last, position)
  }

  /**
   * Signs everything there is, and appends the event that says so; the newest checkpoint if nothing was appended since.
   * @throws FleetError `LedgerForked`, `StoreUnavailable`, `NotFound` for an empty ledger
   */
  async seal(): Promise<SealedCheckpoint> {
    return this.#alone(async () => {
      const latest = await this.latest()
      const { position } = await this.#ledger.head()
      if (latest === undefined || !isWhole(latest, position)) return this.#sign(position + 1)
      // It may be the newest of an older copy.
      await this.#mustGoOn(await this.origin(), position + 1)
      return latest
    })
  }

  /** Signs what is said of the ledger, with the key in force. @param text ends in a newline, and is told from a checkpoint by its first line */
  async sign(text: string): Promise<string> {
    return this.#alone(async () => signNote(text, [await this.#inForce()]))
  }

  /** Makes another key the one that signs: the old one says so in the ledger, and the new one seals that. */
  async rotate(): Promise<SealedCheckpoint> {
    return this.#alone(async () => {
      const old = await this.#inForce()
      const { position } = await this.#ledger.head()
      await this.#mustGoOn(old.name, position + 1)
      const next = crypto.generateKeyPairSync("ed25519").privateKey
      const note = signNote(rotationText(old.name, signerOf(old.name, next).text), [old])
      this.#keys.stage(old.name, next)
      await this.#append({ type: "SigningKeyRotated", data: { note } })
      this.#keys.replace(old.name, next)
      return this.#sign((await this.#ledger.head()).position + 1)
    })
  }

  /** Says in the ledger that a backup took its place, and seals that: from then on it goes on from there. @returns undefined if nothing is lost */
  async restored(reason: string, actor: string): Promise<EventData<"LedgerRestored"> | undefined> {
    return this.#alone(async () => {
      const signer = await this.#inForce()
      const checkpoint = this.#keys.lastSigned(signer.name)
      const kept = (await this.#ledger.head()).position + 1
      if (checkpoint === undefined) return undefined
      const lost = parseCheckpoint(checkpoint).checkpoint.size
      if (lost <= kept) return undefined
      const data = { kept, lost, checkpoint, note: signNote(restoreText(signer.name, kept, checkpoint), [signer]) }
      await this.#append({ type: "LedgerRestored", data }, { actor, reason })
      // What was vouched for before is given up, in the open.
      await this.#vouch(signer, (await this.#ledger.head()).position + 1)
      return data
    })
  }

  async #sign(size: number): Promise<SealedCheckpoint> {
    const signer = await this.#inForce()
    await this.#mustGoOn(signer.name, size)
    return this.#vouch(signer, size)
  }

  async #vouch(signer: Signer, size: number): Promise<SealedCheckpoint> {
    const text = checkpointText({ origin: signer.name, size, root: await rootAt(this.#ledger, size) })
    const note = signNote(text, [signer])
    this.#keys.remember(signer.name, note)
    const { position } = await this.#append({ type: "LedgerCheckpointed", data: { size, note } })
    const checkpoint = { size, note, position }
    this.#sealed(checkpoint)
    return checkpoint
  }

  /** The key that the ledger says signs it: no other may, though it lies where the key does. @throws FleetError `LedgerForked` */
  async #inForce(): Promise<Signer> {
    const signer = await this.signer()
    const statement = await this.#lastStatement(signer.name)
    if (statement === undefined || isPutInForce(statement, signer)) return signer
    // After a rotation that was interrupted behind its event; in a backup from before one.
    for (const key of this.#keys.otherKeys(signer.name)) {
      const other = signerOf(signer.name, key)
      if (!isPutInForce(statement, other)) continue
      this.#keys.replace(signer.name, key)
      return other
    }
    throw new FleetError(
      "LedgerForked",
      `another key than ${signer.text} signed this ledger until now: "keys" in the configuration names the folder where that one lies`,
    )
  }

  /** What tells which key is in force: the newest event that does; where there is none yet, the checkpoint that is remembered. */
  async #lastStatement(origin: string): Promise<Statement | undefined> {
    const event = await newestOf(this.#ledger, "LedgerCheckpointed", "SigningKeyRotated")
    if (event !== undefined) return { isRotation: event.type === "SigningKeyRotated", note: event.data.note }
    const note = this.#keys.lastSigned(origin)
    return note === undefined ? undefined : { isRotation: false, note }
  }

  /** @throws FleetError `LedgerForked` */
  async #mustGoOn(origin: string, size: number): Promise<void> {
    const note = this.#keys.lastSigned(origin)
    if (note === undefined) return
    const { checkpoint } = parseCheckpoint(note)
    const fork = await forkOf(this.#ledger, checkpoint, size)
    if (fork !== undefined) throw new FleetError("LedgerForked", fork)
  }

  async #append(
    event: Pick<NewEvent, "type" | "data">,
    metadata: { actor: string; reason?: string } = { actor: "system" },
  ) {
    const revision = await this.#ledger.revisionOf(ledgerStream)
    const whole = { ...event, metadata, observedAt: this.#clock.now() } as NewEvent
    return this.#ledger.append(
      ledgerStream,
      revision,
      [whole],
      `${event.type} ${revision === noStream ? 0 : revision + 1}`,
    )
  }

  /** One after the other: two at once would sign the same size twice. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#busy.then(work, work)
    this.#busy = next.catch(() => undefined)
    return next
  }
}

/** Whether the checkpoint vouches for all that was there before its own event, which is the last. */
function isWhole(checkpoint: SealedCheckpoint | undefined, head: Position): boolean {
  return checkpoint?.position === head && checkpoint.size === head
}

interface Statement {
  /** Else it is a checkpoint. */
  readonly isRotation: boolean
  readonly note: string
}

function isPutInForce({ isRotation, note }: Statement, key: VerifierKey): boolean {
  const parsed = parseNote(note)
  return isRotation ? rotatedKey(parsed.text) === key.text : isSignedBy(parsed, key)
}

/** How a ledger of `size` events fails to be the continuation of the one that was checkpointed; undefined if it is. */
export async function forkOf(ledger: Ledger, checkpoint: Checkpoint, size: number): Promise<string | undefined> {
  if (checkpoint.size > size) {
    return `the ledger ends at position ${size - 1}, but ${checkpoint.size} events were signed: its tail is cut, or a backup was put in its place ("fleet-ledger restore" says so in the ledger)`
  }
  if (!sameHash(await rootAt(ledger, checkpoint.size), checkpoint.root)) {
    return `the first ${checkpoint.size} events are not the ones that were signed: the ledger was rewritten ("fleet-ledger verify" names where)`
  }
  return undefined
}

/** What a rotation's note says: the new key in the last line. */
export function rotationText(origin: string, key: string): string {
  return `fleet-ledger signing key\n${origin}\n${key}\n`
}

/** What a restore's note says: how many events it kept, and the checkpoint that it gives up. */
export function restoreText(origin: string, kept: number, checkpoint: string): string {
  const { size, root } = parseCheckpoint(checkpoint).checkpoint
  return `fleet-ledger restore\n${origin}\n${kept}\n${size}\n${Buffer.from(root).toString("base64")}\n`
}

/** The key that a rotation's note hands over to. */
export function rotatedKey(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? ""
}
