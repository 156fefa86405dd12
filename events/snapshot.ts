/**
 * Names for points of the ledger, on the stream `snapshots`. A snapshot copies nothing: what it stands for is what the ledger says of that point, before and
 * after it is deleted.
 */
import * as z from "zod"
import { account } from "./define.js"
import { line } from "./facets/field.js"
import { tagName } from "./facets/target.js"

export const snapshotType = z.enum([
  "manual",
  "scheduled",
  "pre_deployment",
  "post_deployment",
  "health_check",
  "backup",
  "discovery",
])
export type SnapshotType = z.infer<typeof snapshotType>

const allowed = "letters, digits and . _ -, 80 at most, the first a letter or a digit"
/** So that `snapshot:<name>` is one word, also in an address. */
export const snapshotName = z
  .string(allowed)
  .max(80, allowed)
  .regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u, allowed)

export const snapshotEvents = {
  /** From here on the name stands for that point; no other that is not deleted has it. */
  SnapshotTaken: account(
    "snapshots",
    z.strictObject({
      name: snapshotName,
      type: snapshotType,
      description: line.optional(),
      tags: z.array(tagName).max(100).optional(),
      /** The point: a position at or before this event's own, and the time that the clock is taken to show there. */
      position: z.int().min(-1),
      time: z.iso.datetime(),
      expiresAt: z.iso.datetime().optional(),
    }),
  ),
  /** The name is free again. Who did it and why is in the metadata. */
  SnapshotDeleted: account("snapshots", z.strictObject({ name: line })),
}
