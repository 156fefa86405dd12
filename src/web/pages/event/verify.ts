/**
 * Checks in the browser that an event is the one that was signed, from the bytes of the answer alone: the leaf of what is shown, the way from the leaf to the
 * root (RFC 6962), the signature of the checkpoint that has the root (C2SP signed-note, Ed25519). It shares no line with what made them.
 */
export interface Claim {
  readonly position: number
  readonly head: string
  readonly data: string
  /** Base64; null where the payload was redacted. */
  readonly salt: string | null
  /** Hexadecimal, of a redacted payload. */
  readonly dataHash: string | null
  readonly proof: {
    readonly size: number
    readonly path: readonly string[]
    readonly note: string
    readonly key: string
  } | null
}

export type Verdict =
  | { readonly is: "verified"; readonly size: number }
  /** No checkpoint vouches for it yet. */
  | { readonly is: "unsealed" }
  | { readonly is: "wrong"; readonly why: string }
  /** It could not be told: the browser lacks what it takes. */
  | { readonly is: "unchecked"; readonly why: string }

class Wrong extends Error {}

type Bytes = Uint8Array<ArrayBuffer>
const utf8 = new TextEncoder()

export async function verify(claim: Claim): Promise<Verdict> {
  if (claim.proof === null) return { is: "unsealed" }
  // Over plain HTTP from elsewhere there is none.
  if (!("subtle" in crypto))
    return { is: "unchecked", why: "a browser works out hashes only over HTTPS or on this machine" }
  try {
    const { size, path, note, key } = claim.proof
    const root = await rootFrom(await leafOf(claim), claim.position, size, path.map(bytesOf))
    await mustBeSigned(note, { size, root, key })
    return { is: "verified", size }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return error instanceof Wrong ? { is: "wrong", why } : { is: "unchecked", why }
  }
}

async function leafOf({ head, data, salt, dataHash }: Claim): Promise<Bytes> {
  const hash = salt === null ? (dataHash ?? "") : hex(await sha256(bytesOf(salt), utf8.encode(data)))
  return sha256(Uint8Array.of(0), utf8.encode(`{"dataHash":"${hash}",${head.slice(1)}`))
}

/** As RFC 9162 (2.1.3.2) says how; its trees are those of RFC 6962. */
async function rootFrom(leaf: Bytes, position: number, size: number, path: readonly Bytes[]): Promise<Bytes> {
  if (position >= size) throw new Wrong("the checkpoint is older than the event")
  let [index, last, root] = [position, size - 1, leaf]
  for (const node of path) {
    if (last === 0) throw new Wrong("the way to the root is too long")
    if (index % 2 === 1 || index === last) {
      root = await sha256(Uint8Array.of(1), node, root)
      while (index % 2 === 0 && index !== 0) [index, last] = parents(index, last)
    } else {
      root = await sha256(Uint8Array.of(1), root, node)
    }
    ;[index, last] = parents(index, last)
  }
  if (last !== 0) throw new Wrong("the way to the root is too short")
  return root
}

/** A level further up, where two are one. */
function parents(index: number, last: number): [number, number] {
  return [Math.floor(index / 2), Math.floor(last / 2)]
}

interface Vouched {
  readonly size: number
  readonly root: Bytes
  readonly key: string
}

async function mustBeSigned(note: string, { size, root, key }: Vouched): Promise<void> {
  const end = note.lastIndexOf("\n\n")
  const text = note.slice(0, end + 1)
  const [origin = "", count = "", hash = ""] = text.split("\n")
  if (count !== String(size)) throw new Wrong("the checkpoint is of another size")
  if (hex(bytesOf(hash)) !== hex(root)) throw new Wrong("it is not the event that was signed")
  const [, name = "", id = "", typed = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(key) ?? []
  if (name !== origin) throw new Wrong("the checkpoint is of another ledger than the key")
  const signature = note
    .slice(end + 2)
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([dash, by]) => dash === "—" && by === name)
    .map(([, , signed = ""]) => bytesOf(signed))
    .find((bytes) => hex(bytes.subarray(0, 4)) === id)
  if (signature === undefined) throw new Wrong("the checkpoint is not signed by the key")
  const raw = bytesOf(typed).subarray(1)
  const publicKey = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]).catch(() => {
    throw new Error("it is in the checkpoint, whose signature this browser cannot check: it has no Ed25519")
  })
  const isSigned = await crypto.subtle.verify("Ed25519", publicKey, signature.subarray(4), utf8.encode(text))
  if (!isSigned) throw new Wrong("the signature of the checkpoint is wrong")
}

async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all))
}

/** @throws Wrong */
function bytesOf(base64: string): Bytes {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    throw new Wrong("the proof is not what one looks like")
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
}
