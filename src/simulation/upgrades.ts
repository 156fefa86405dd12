/** Upgrades come in rounds, as distributions release them: a few canaries install one first, then the early ones, a day later the rest; at night. */
import type { Chance } from "./chance.js"
import { day, hour } from "./time.js"

const releasedEvery = 4 * day
const kernelEvery = 5

/** Rounds that a machine has installed by a time. */
export function upgradesOf(chance: Chance, number: number, time: number): number {
  const ring = chance("ring", number)
  const waits = (ring < 0.05 ? 0 : ring < 0.4 ? day : 2 * day) + (1 + 3 * chance("night", number)) * hour
  return Math.max(0, Math.floor((time - waits) / releasedEvery) + 1)
}

/** Each fifth round brings a kernel, which is in force after the next boot. */
export function kernelOf(upgrades: number): number {
  return Math.floor(upgrades / kernelEvery)
}
