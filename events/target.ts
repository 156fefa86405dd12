/** What can happen to a target. One stream per record: `target-<record id>`. */
import * as z from "zod"
import { patchOperation } from "#kernel/patch.js"
import { change } from "./define.js"
import { line } from "./facets/field.js"
import { assignedTag, assigner, resourceStatus, role, tagName, targetDocument } from "./facets/target.js"

/** Where a record comes from; `generation` counts the different things that have borne the same native key. */
export const provenance = { source: line, nativeKey: line, generation: z.int().nonnegative() }

const nothing = z.strictObject({})

/** Who gave it or took it away, with the rule if it was one; `first`: nothing had been assigned to the record before. */
const assignment = { by: assigner, rule: line.optional(), first: z.literal(true).optional() }
/** `before`: what there was of it, which may be that somebody had taken it away. */
const tagging = z.strictObject({ tag: tagName, before: assignedTag.optional(), ...assignment })

export const targetEvents = {
  /** A source saw a machine that it did not know: the whole first document. */
  TargetDiscovered: change("target", z.strictObject({ ...provenance, document: targetDocument })),
  /** Facts of one facet differ from what was known. Paths are those of the record's document. */
  TargetChanged: change("target", z.strictObject({ facet: line, patch: z.array(patchOperation).min(1) })),
  /** A resource has been in another band of use for as long as the policy asks. */
  TargetResourceStatusChanged: change(
    "target",
    z.strictObject({ resource: line, from: resourceStatus, to: resourceStatus }),
  ),
  /** It shows another ssh host key than the one that is trusted, and so is not looked at; fingerprints as OpenSSH prints them. */
  HostKeyChanged: change("target", z.strictObject({ from: line.nullable(), to: line })),
  /** It is there for something, or no longer. Why is in the metadata, as far as it is known. */
  TargetRoleAssigned: change(
    "target",
    z.strictObject({ from: role.nullable(), fromBy: assigner.nullable(), to: role.nullable(), ...assignment }),
  ),
  TargetTagged: change("target", tagging),
  TargetUntagged: change("target", tagging),
  /** A complete look did not find it. */
  TargetUnseen: change("target", nothing),
  /** It is there again, after being unseen or retired. */
  TargetReappeared: change("target", z.strictObject({ from: z.enum(["unseen", "retired"]) })),
  /** As many complete looks in a row as the policy asks did not find it. */
  TargetRetired: change("target", z.strictObject({ from: z.enum(["observed", "unseen"]) })),
}
