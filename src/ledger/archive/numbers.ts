/** Whole numbers in few bytes: each in as many groups of seven bits as it takes (LEB128); ascending ones as the steps between them. */

export function inGroups(numbers: Iterable<number>): Buffer {
  const bytes: number[] = []
  for (let rest of numbers) {
    // Not with bit operations: a number may pass 2³¹.
    while (rest >= 128) {
      bytes.push((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
  }
  return Buffer.from(bytes)
}

export function fromGroups(bytes: Uint8Array): number[] {
  const numbers: number[] = []
  let [number, weight] = [0, 1]
  for (const byte of bytes) {
    number += (byte % 128) * weight
    weight *= 128
    if (byte >= 128) continue
    numbers.push(number)
    number = 0
    weight = 1
  }
  return numbers
}

/** @param numbers ascending, from 0 */
export function packed(numbers: readonly number[]): Buffer {
  return inGroups(numbers.map((number, i) => number - (numbers[i - 1] ?? 0)))
}

export function unpacked(bytes: Uint8Array): number[] {
  let last = 0
  return fromGroups(bytes).map((step) => (last += step))
}

/** The place of the last number that is not more than `wanted`, in ascending order; −1 if there is none. */
export function lastUpTo(numbers: readonly number[], wanted: number): number {
  let [low, high] = [-1, numbers.length - 1]
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2)
    if ((numbers[middle] as number) <= wanted) low = middle
    else high = middle - 1
  }
  return low
}
