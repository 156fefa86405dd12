/**
 * Which records are of one machine, on the stream `identity`. A target is called by the id of its oldest record; the others are linked to that one. Undoing
 * a link gives both histories back as they were: no record's own events know of it.
 */
import * as z from "zod"
import { account, change } from "./define.js"
import { line } from "./facets/field.js"

/** What speaks for it or against it, e.g. "the same machine id". */
const reasons = z.array(line).max(50)
const score = z.number().min(0).max(1)
const pair = z.tuple([z.uuid(), z.uuid()])

export const identityEvents = {
  /** The record is of the target that another record began. Who says so is in the metadata; a person needs no score. */
  RecordsLinked: change(
    "identity",
    z.strictObject({ record: z.uuid(), target: z.uuid(), score: score.optional(), reasons }),
  ),
  /** It is a target of its own again. */
  RecordsUnlinked: change("identity", z.strictObject({ record: z.uuid(), target: z.uuid(), reasons })),
  /** These two may be of one machine: somebody should decide. */
  RecordsDoubted: account("identity", z.strictObject({ records: pair, score, reasons })),
  /** Somebody says that these two are of different machines: no evidence links them any more. */
  RecordsSeparated: account("identity", z.strictObject({ records: pair, reasons })),
}
