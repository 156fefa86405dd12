/**
 * How much a loss matters: what happened, times what the machine is there for, times what depended on it. A production database that is removed with what
 * waits for it weighs ten times what a container in the lab does.
 */

/** What happened, from nothing to all is lost. */
const losses = { removed: 1, failed: 0.8, critical: 0.8, stopped: 0.5 } as const
export type Loss = keyof typeof losses

const roles: Readonly<Record<string, number>> = {
  production: 1,
  gateway: 0.9,
  monitoring: 0.6,
  staging: 0.4,
  testing: 0.3,
  development: 0.3,
  lab: 0.2,
}
/** Where nobody says what it is for. */
const noRole = 0.4
/** Each that depends on it adds a quarter, a dozen at most. */
const perDependant = 0.25
const mostDependants = 12

/** A loss that weighs as much is critical: one in production, or one of a machine without a role that something depended on. */
export const criticalWeight = 0.5

/** From 0 to 4, in hundredths. */
export function weightOf(loss: Loss, role: string | null, dependants: number): number {
  const dependence = 1 + perDependant * Math.min(dependants, mostDependants)
  return Math.round(losses[loss] * (roles[role ?? ""] ?? noRole) * dependence * 100) / 100
}

/** @param dependsOn what each waits for @returns how many wait for `name`, directly or by others */
export function dependantsIn(dependsOn: ReadonlyMap<string, readonly string[]>, name: string): number {
  const waiting = new Set([name])
  // Those that are added on the way are visited too.
  for (const awaited of waiting) {
    for (const [other, names] of dependsOn) if (names.includes(awaited)) waiting.add(other)
  }
  return waiting.size - 1
}
