/** All rules there are: those that are built in, unless somebody wants none of one, and one's own. */
import type { AlertsConfig } from "#config/alerts.js"
import type { Intervals } from "#config/intervals.js"
import type { Rule } from "../rule.js"
import { certificateExpiring } from "./certificates.js"
import { checkFailing } from "./checks.js"
import { diskFull } from "./disks.js"
import { discoveryBlind, discoveryFailing, massAbsence } from "./discovery.js"
import { driftFound, unexpectedChange } from "./drift.js"
import { healthBelow } from "./health.js"
import { hostKeyChanged } from "./host-keys.js"
import { ownRule } from "./own.js"
import { serviceFailed } from "./services.js"
import { sourceSilent } from "./silence.js"
import { ledgerVerification } from "./verification.js"
import { unreachable } from "./unreachable.js"

/** @param every which sources are looked at, and how often */
export function rulesOf(
  { rules, without, healthBelow: below, certificates }: AlertsConfig,
  every: Intervals,
): readonly Rule[] {
  const builtIn: readonly Rule[] = [
    unreachable,
    serviceFailed,
    diskFull,
    checkFailing,
    healthBelow(below),
    hostKeyChanged,
    certificateExpiring(certificates),
    discoveryFailing,
    discoveryBlind,
    massAbsence,
    driftFound,
    unexpectedChange(!without.includes("drift-found")),
    sourceSilent(every),
    ledgerVerification,
  ]
  return [...builtIn.filter(({ name }) => !without.some((one) => one === name)), ...rules.map(ownRule)]
}
