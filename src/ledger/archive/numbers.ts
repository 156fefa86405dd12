/** Ascending whole numbers in few bytes: the steps between them, each in as many groups of seven bits as it takes (LEB128). */

/** @param numbers ascending, from 0 */
export function packed(numbers: Iterable<number>): Buffer {
  const bytes: number[] = []
  let last = 0
  for (const number of numbers) {
    let step = number - last
    // Not with bit operations: a step may pass 2³¹.
    while (step >= 128) {
      bytes.push((step % 128) + 128)
      step = Math.floor(step / 128)
    }
    bytes.push(step)
    last = number
  }
  return Buffer.from(bytes)
}

export function unpacked(bytes: Uint8Array): number[] {
  const numbers: number[] = []
  let [last, step, weight] = [0, 0, 1]
  for (const byte of bytes) {
    step += (byte % 128) * weight
    weight *= 128
    if (byte >= 128) continue
    last += step
    numbers.push(last)
    step = 0
    weight = 1
  }
  return numbers
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
