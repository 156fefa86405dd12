/**
 * What happens over time, to whom and when: so that most hours of a machine pass without anything worth recording, and over weeks everything comes about that a
 * real fleet goes through. A state is all that a look can find changed; times are milliseconds since the beginning.
 */
import type { Chance } from "./chance.js"
import type { Host, Site } from "./fleet.js"
import { goingOn, recurring } from "./recurring.js"
import { day, hour } from "./time.js"
import { kernelOf, upgradesOf } from "./upgrades.js"

export interface HostState {
  /** How often it was given another name. */
  readonly renamed: number
  /** Rounds of upgrades that it has installed. */
  readonly upgrades: number
  /** The kernel that it was booted with. */
  readonly kernel: number
  readonly boots: number
  readonly bootedAt: number
}

export function hostState(chance: Chance, { number }: Host, time: number): HostState {
  const maintenance = recurring(chance, ["maintenance", number], 15 * day, time)
  const crash = recurring(chance, ["crash", number], 90 * day, time)
  const bootedAt = Math.max(maintenance.last, crash.last)
  return {
    renamed: recurring(chance, ["renamed", number], 300 * day, time).times,
    upgrades: upgradesOf(chance, number, time),
    kernel: kernelOf(upgradesOf(chance, number, bootedAt)),
    boots: maintenance.times + crash.times,
    bootedAt,
  }
}

const failsEvery = 90 * day

export const isFailing = (chance: Chance, { number }: Host, service: number, time: number): boolean =>
  goingOn(chance, ["failing", number, service], failsEvery, 3 * hour, time)

/** Its engine restarts it once each time that it fails. */
export const restartsOf = (chance: Chance, { number }: Host, service: number, time: number): number =>
  recurring(chance, ["failing", number, service], failsEvery, time).times

/** How often a stack was deployed since the beginning. */
export const deploymentsOf = (chance: Chance, { number }: Host, stack: number, time: number): number =>
  recurring(chance, ["deployment", number, stack], 10 * day, time).times

/** How full its data is: it fills up in a fifth of the machines, until somebody cleans up. */
export function dataPercent(chance: Chance, { number }: Host, time: number): number {
  const start = 15 + 40 * chance("data", number)
  if (chance("fills", number) >= 0.2) return start
  const period = 9 * day
  const { last } = recurring(chance, ["cleaned", number], period, time)
  return Math.min(97, start + (75 * (time - last)) / period)
}

export const isUnreachable = (chance: Chance, { number }: Host, time: number): boolean =>
  goingOn(chance, ["unreachable", number], 25 * day, 5 * hour, time)

/** Somebody is installing something, so its packages cannot be listed. */
export const isInstalling = (chance: Chance, { number }: Host, time: number): boolean =>
  goingOn(chance, ["installing", number], 7 * day, hour, time)

/** Nothing at all answers. */
export const isCutOff = (chance: Chance, { number }: Site, time: number): boolean =>
  goingOn(chance, ["cut off", number], 12 * day, 2 * hour, time)

/** Once, in the first week, the first site's source lost the rights to most of its machines and does not even know that they are there. */
export function isHidden(chance: Chance, { number, places }: Site, { place }: Host, time: number): boolean {
  const begins = (1 + 5 * chance("hidden")) * day
  const isNow = time >= begins && time < begins + 2 * hour
  return isNow && number === 0 && places >= 10 && place % 5 < 3
}
