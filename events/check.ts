/** Checks that are run, as their results change. One stream for each thing that a check is run at: `check-<id>`. */
import * as z from "zod"
import { account } from "./define.js"
import { line } from "./facets/field.js"

export const checkStatus = z.enum(["passing", "failing", "unknown"])
export type CheckStatus = z.infer<typeof checkStatus>

export const checkKind = z.enum(["http", "tcp", "docker", "systemd", "command"])
export type CheckKind = z.infer<typeof checkKind>

/** Of which entity it says something. */
const checked = z.strictObject({ kind: z.enum(["target", "service"]), id: z.uuid() })

export const checkEvents = {
  /** What so many tries in a row agreed upon. The first result of a check is one, from `unknown`. */
  CheckStatusChanged: account(
    "check",
    z.strictObject({
      /** Its name in the configuration. */
      check: line,
      kind: checkKind,
      about: checked.nullable(),
      from: checkStatus,
      to: checkStatus,
      /** One sentence for a person: what was wrong. */
      detail: line.optional(),
    }),
  ),
  /** It is not run any more, here: what it said last counts no more. */
  CheckEnded: account("check", z.strictObject({ check: line })),
}
