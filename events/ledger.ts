/** What is said of the ledger itself, on its stream `ledger`: how far it was sealed and by which key, what was redacted, what a restore lost. */
import * as z from "zod"
import { account } from "./define.js"
import { count } from "./facets/field.js"

/** A C2SP signed note: several lines, as they are. */
const note = z.string().min(1).max(4_000)

export const ledgerEvents = {
  /** The events before this one have this root, signed: the note is a checkpoint of `size` events. */
  LedgerCheckpointed: account("ledger", z.strictObject({ size: count, note })),
  /** From here on another key signs. The note names it and is signed by the one that signed until now. */
  SigningKeyRotated: account("ledger", z.strictObject({ note })),
  /**
   * A backup was put in the ledger's place. The first `kept` events are the ones that were checkpointed before; those from there to before `lost` are gone.
   * The note says so, signed; `checkpoint` is the newest that is known of what was lost.
   */
  LedgerRestored: account("ledger", z.strictObject({ kept: count, lost: count, checkpoint: note, note })),
  /**
   * These events went into an archive, inclusive: a file of so many bytes with this SHA-256 (hexadecimal; until a redaction reaches it). The root is that of their
   * leaves as a tree of their own, base64.
   */
  RangeArchived: account(
    "ledger",
    z.strictObject({
      first: count,
      last: count,
      root: z.base64().max(44),
      bytes: count,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
  /** Verified, it was not what was signed: the first thing that is wrong, and where it lies as near as can be said. */
  LedgerFaultFound: account(
    "ledger",
    z.strictObject({ position: z.int().nullable(), message: z.string().min(1).max(2_000) }),
  ),
  /** Verified again after something was wrong, all of its events were what was signed. */
  LedgerFoundSound: account("ledger", z.strictObject({ size: count })),
  /** A text was taken out of the payloads at these positions, for the reason in the metadata; `mask` stands in its place. */
  DataRedacted: account(
    "ledger",
    z.strictObject({ positions: z.array(count).min(1).max(100_000), mask: z.string().max(40) }),
  ),
}
