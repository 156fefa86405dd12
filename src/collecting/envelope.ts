/** What stands in front of a look that a collector sends: whose it is, the how-manieth, and a signature over that and the digest of what follows. */
import * as crypto from "node:crypto"
import * as z from "zod"
import { canonicalJson } from "#kernel/canonical-json.js"
import { FleetError } from "#kernel/errors.js"

export const envelope = z.strictObject({
  collector: z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/),
  /** Grows from look to look, with gaps. */
  sequence: z.int().nonnegative(),
  /** SHA-256 of the body, in hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().nonnegative(),
})
export type Envelope = z.infer<typeof envelope>

/** Of one header each. */
export const envelopeHeader = "fleet-ledger-envelope"
export const signatureHeader = "fleet-ledger-signature"
/** JSON of `wire.ts`, compressed by gzip. */
export const lookType = "application/vnd.fleet-ledger.look+gzip"

const purpose = "fleet-ledger collected look\n"

export function envelopeOf(collector: string, sequence: number, body: Uint8Array): Envelope {
  return { collector, sequence, sha256: sha256(body), bytes: body.length }
}

export function sha256(body: Uint8Array): string {
  return crypto.createHash("sha256").update(body).digest("hex")
}

/** @param key Ed25519 */
export function headersOf(about: Envelope, key: crypto.KeyObject): Record<string, string> {
  const text = canonicalJson(about)
  return {
    [envelopeHeader]: Buffer.from(text).toString("base64url"),
    [signatureHeader]: crypto.sign(null, Buffer.from(purpose + text), key).toString("base64url"),
  }
}

/** @param text of a public key, as SPKI in base64 @throws FleetError `InvalidConfig` */
export function collectorKey(name: string, text: string): crypto.KeyObject {
  try {
    const key = crypto.createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" })
    if (key.asymmetricKeyType === "ed25519") return key
  } catch {
    // Said below.
  }
  throw new FleetError("InvalidConfig", `the key of the collector "${name}" is none that a collector prints`)
}

/**
 * @param keyOf the public key of a collector
 * @throws FleetError `Unauthorized`, whatever of it is wrong: nobody learns which collectors there are
 */
export function checkEnvelope(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  keyOf: (collector: string) => crypto.KeyObject | undefined,
): Envelope {
  const refused = new FleetError("Unauthorized", "this look is not signed by a collector that is known here")
  const [text, signature] = [headers[envelopeHeader], headers[signatureHeader]]
  if (typeof text !== "string" || typeof signature !== "string") throw refused
  const written = Buffer.from(text, "base64url").toString("utf8")
  const about = envelope.safeParse(parsed(written))
  const key = about.success ? keyOf(about.data.collector) : undefined
  if (!about.success || key === undefined) throw refused
  const isSigned = crypto.verify(null, Buffer.from(purpose + written), key, Buffer.from(signature, "base64url"))
  if (!isSigned) throw refused
  return about.data
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
