/** What the ledger here is held against: what its signer remembers of it outside, and whatever somebody else has kept. */
import { ifThere } from "../if-there.js"
import { newestOf } from "../newest-of.js"
import type { Ledger } from "../port.js"
import type { KeyFolder } from "./key.js"
import { type VerifierKey, parseVerifierKey, signerOf } from "./note.js"
import type { Sealer } from "./seal.js"
import type { Vouched } from "./verify.js"

export interface Signing {
  readonly ledger: Ledger
  readonly sealer: Sealer
  readonly keys: KeyFolder
}

/** What somebody keeps elsewhere. */
export interface Kept {
  readonly checkpoint?: string | undefined
  /** The verifier key that signed first. */
  readonly key?: string | undefined
}

/** @throws FleetError `NotFound` for an empty ledger */
export async function vouchedFor(signing: Signing, { checkpoint, key }: Kept = {}): Promise<Vouched> {
  const { sealer, keys } = signing
  const origin = await sealer.origin()
  const remembered = keys.lastSigned(origin)
  const given = checkpoint === undefined ? [] : [{ where: "the checkpoint that was given", note: noteOf(checkpoint) }]
  return {
    key: key === undefined ? await keyOf(signing) : parseVerifierKey(key),
    laterKeys: [await sealer.signer(), ...keys.otherKeys(origin).map((other) => signerOf(origin, other))],
    checkpoints: [
      ...given,
      ...(remembered === undefined ? [] : [{ where: "the checkpoint that was signed last", note: remembered }]),
    ],
  }
}

/** The shell takes a text's last line end away. */
function noteOf(given: string): string {
  return `${given.trimEnd()}\n`
}

/** The key that signs now, if it is the one that signed first: what another one would have said of itself may be in an archive that is not there. */
async function keyOf({ ledger, sealer }: Signing): Promise<VerifierKey | undefined> {
  const isFirst = await ifThere(async () => (await newestOf(ledger, "SigningKeyRotated")) === undefined)
  return isFirst ? sealer.signer() : undefined
}
