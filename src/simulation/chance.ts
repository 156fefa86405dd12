/**
 * Chance that can be asked again: what comes out depends on the seed and on what it is drawn for, and on nothing that was drawn before. So any machine of the
 * fleet can be made up at any time, without those before it.
 */

/** From 0 to below 1, the same for the same seed and subject. */
export type Chance = (subject: string, ...numbers: readonly number[]) => number

export function chanceFrom(seed: number): Chance {
  const start = mixed(seed, 0x9e3779b9)
  return (subject, ...numbers) => {
    let hash = start
    for (let i = 0; i < subject.length; i++) hash = mixed(hash, subject.charCodeAt(i))
    for (const number of numbers) hash = mixed(hash, number)
    return finished(hash) / 2 ** 32
  }
}

/** From 0 to below `count`. */
export function pick(count: number, chance: number): number {
  return Math.floor(chance * count)
}

/** So many hexadecimal digits. */
export function hexDigits(count: number, chance: Chance, subject: string, ...numbers: readonly number[]): string {
  let digits = ""
  for (let part = 0; digits.length < count; part++) {
    digits += pick(2 ** 32, chance(subject, ...numbers, part))
      .toString(16)
      .padStart(8, "0")
  }
  return digits.slice(0, count)
}

/** MurmurHash3's step for 32 bits. */
function mixed(hash: number, value: number): number {
  const scrambled = Math.imul(value, 0xcc9e2d51)
  const rotated = Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593)
  const joined = hash ^ rotated
  return (Math.imul((joined << 13) | (joined >>> 19), 5) + 0xe6546b64) | 0
}

/** MurmurHash3's end: every bit decides about every other. */
function finished(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return (twice ^ (twice >>> 16)) >>> 0
}
