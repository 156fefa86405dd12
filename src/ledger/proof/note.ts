/**
 * Signed notes (C2SP signed-note): a text, an empty line, and one line per signature, `— <key name> <base64(key id ‖ signature)>`. The keys are Ed25519,
 * and a key's public half is written `<name>+<key id>+<base64(0x01 ‖ key)>`.
 */
import * as crypto from "node:crypto"
import { FleetError } from "#kernel/errors.js"

/** The signature type of Ed25519 in C2SP's registry. */
const ed25519 = 0x01
/** DER in front of a raw Ed25519 public key (RFC 8410 §4). */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex")
const keyBytes = 32
const signatureBytes = 64
const idBytes = 4

/** A public key that notes are checked against. */
export interface VerifierKey {
  readonly name: string
  /** First 4 bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key). */
  readonly id: Buffer
  readonly key: crypto.KeyObject
  /** As it is written down. */
  readonly text: string
}

export interface Signer extends VerifierKey {
  sign(text: string): Buffer
}

export interface Signature {
  readonly name: string
  readonly id: Buffer
  readonly signature: Buffer
}

export interface Note {
  /** Ends in a newline, which is signed with it. */
  readonly text: string
  readonly signatures: readonly Signature[]
}

export function verifierKey(name: string, publicKey: crypto.KeyObject): VerifierKey {
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(spkiPrefix.length)
  const typed = Buffer.concat([Buffer.of(ed25519), raw])
  const id = crypto.createHash("sha256").update(`${name}\n`, "utf8").update(typed).digest().subarray(0, idBytes)
  return { name, id, key: publicKey, text: `${name}+${id.toString("hex")}+${typed.toString("base64")}` }
}

export function signerOf(name: string, privateKey: crypto.KeyObject): Signer {
  const key = verifierKey(name, crypto.createPublicKey(privateKey))
  return { ...key, sign: (text) => crypto.sign(null, Buffer.from(text, "utf8"), privateKey) }
}

/** @throws FleetError `InvalidInput` */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name = "", encoded = ""] = /^([^\s+]+)\+[0-9a-f]{8}\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? []
  const typed = Buffer.from(encoded, "base64")
  if (typed.length === 1 + keyBytes && typed[0] === ed25519) {
    const der = Buffer.concat([spkiPrefix, typed.subarray(1)])
    const key = verifierKey(name, crypto.createPublicKey({ key: der, type: "spki", format: "der" }))
    if (key.text === text.trim()) return key
  }
  throw new FleetError(
    "InvalidInput",
    `"${text.trim().slice(0, 120)}" is not a verifier key, like <name>+<id>+<base64>`,
  )
}

/** @param text ends in a newline */
export function signNote(text: string, signers: readonly Signer[]): string {
  const lines = signers.map(
    (signer) => `— ${signer.name} ${Buffer.concat([signer.id, signer.sign(text)]).toString("base64")}\n`,
  )
  return `${text}\n${lines.join("")}`
}

/** What no note may hold: control characters but the end of a line, and halves of characters. */
const unprintable = /[^\n -\u{10ffff}]|\p{Surrogate}/u

/** @throws FleetError `InvalidInput` */
export function parseNote(note: string): Note {
  const end = note.lastIndexOf("\n\n")
  const lines = note.slice(end + 2).split("\n")
  const signatures = lines.slice(0, -1).map((line): Signature | undefined => {
    const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? []
    const bytes = Buffer.from(encoded ?? "", "base64")
    if (name === undefined || bytes.length <= idBytes) return undefined
    return { name, id: bytes.subarray(0, idBytes), signature: bytes.subarray(idBytes) }
  })
  const whole = signatures.filter((signature) => signature !== undefined)
  const isWhole = end >= 0 && lines.at(-1) === "" && whole.length > 0 && whole.length === signatures.length
  if (!isWhole || unprintable.test(note)) {
    throw new FleetError("InvalidInput", "this is not a signed note: a text, an empty line, and signatures")
  }
  return { text: note.slice(0, end + 1), signatures: whole }
}

/** Whether the key signed the note: one signature that bears its name and id and does not hold spoils any other. */
export function isSignedBy({ text, signatures }: Note, key: VerifierKey): boolean {
  const own = signatures.filter(({ name, id }) => name === key.name && id.equals(key.id))
  const holds = ({ signature }: Signature) =>
    signature.length === signatureBytes && crypto.verify(null, Buffer.from(text, "utf8"), key.key, signature)
  return own.length > 0 && own.every(holds)
}
