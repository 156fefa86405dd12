/** The rules of the configuration, which are in force as long as they stand there. */
import type { BaselineRule } from "#events/baseline.js"
import { FleetError } from "#kernel/errors.js"
import { wrongRule } from "./check-rules.js"
import { type Declaring, declare, withdraw } from "./declare.js"
import { messageOf } from "./rules-file.js"

/** What they are declared as. */
export const configured = "configuration"

/**
 * Declares them where they are not what was declared last, and withdraws them where there are none any more.
 * @throws FleetError `InvalidConfig`: of which rule, and where in it
 */
export async function adoptRules(to: Declaring, rules: readonly BaselineRule[]): Promise<void> {
  const metadata = { actor: "system" }
  if (rules.length === 0) {
    await withdraw(to, configured, metadata)
    return
  }
  const wrong = await wrongRule(rules)
  if (wrong !== undefined) throw new FleetError("InvalidConfig", `in "drift.rules", ${messageOf(wrong, rules)}`)
  await declare(to, configured, { of: "rules", rules: [...rules] }, metadata)
}
