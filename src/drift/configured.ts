/** The rules of the configuration, which are in force as long as they stand there. */
import type { Baseline, BaselineRule } from "#events/baseline.js"
import { FleetError } from "#kernel/errors.js"
import type { Ledger } from "#ledger/port.js"
import { wrongRule } from "./check-rules.js"
import { type Declaring, declare, isSaid, withdraw } from "./declare.js"
import { messageOf } from "./rules-file.js"

/** What they are declared as. */
export const configured = "configuration"

/** @throws FleetError `InvalidConfig`: of which rule, and where in it */
export async function understoodRules(
  rules: readonly BaselineRule[],
  placeOf: (steps: readonly PropertyKey[]) => string,
): Promise<void> {
  const wrong = await wrongRule(rules)
  if (wrong === undefined) return
  const place = placeOf(["drift", "rules", wrong.index, wrong.key])
  throw new FleetError("InvalidConfig", `${place}: in "drift.rules", ${messageOf(wrong, rules)}`)
}

/** Declares them where they are not what was declared last, and withdraws them where there are none any more. They are understood. */
export async function adoptRules(to: Declaring, rules: readonly BaselineRule[]): Promise<void> {
  const metadata = { actor: "system" }
  const baseline = baselineOf(rules)
  if (baseline === undefined) await withdraw(to, configured, metadata)
  else await declare(to, configured, baseline, metadata)
}

/** Whether they are what was declared last. */
export function areAdopted(ledger: Ledger, rules: readonly BaselineRule[]): Promise<boolean> {
  return isSaid(ledger, configured, baselineOf(rules))
}

function baselineOf(rules: readonly BaselineRule[]): Baseline | undefined {
  return rules.length === 0 ? undefined : { of: "rules", rules: [...rules] }
}
