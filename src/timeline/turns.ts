/** Long reads in turns, so that nobody who asks something short waits for them. */
import { inTurns } from "#kernel/in-turns.js"

export { inTurns } from "#kernel/in-turns.js"

/** Steps of the loops below between two looks at the clock. */
const stepsATurn = 2_000

/** As `toSorted`, and as stable. */
export async function sortedInTurns<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<readonly T[]> {
  const turn = inTurns()
  let runs: T[][] = []
  for (let at = 0; at < items.length; at += stepsATurn) {
    runs.push(items.slice(at, at + stepsATurn).sort(compare))
    await turn()
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let at = 0; at < runs.length; at += 2)
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], compare, turn))
    runs = merged
  }
  return runs[0] ?? []
}

async function merge<T>(
  first: readonly T[],
  second: readonly T[],
  compare: (a: T, b: T) => number,
  turn: () => Promise<void>,
): Promise<T[]> {
  const merged: T[] = []
  let [i, j] = [0, 0]
  while (i < first.length || j < second.length) {
    const [a, b] = [first[i], second[j]]
    if (b === undefined || (a !== undefined && compare(a, b) <= 0)) {
      merged.push(a as T)
      i++
    } else {
      merged.push(b)
      j++
    }
    if (merged.length % stepsATurn === 0) await turn()
  }
  return merged
}
