/**
 * Finding the intervals that hold a position without walking those that do not: the relational interval tree (Kriegel, Pötke, Seidl 2000). Each
 * interval hangs at its *fork*, the number in it that is the multiple of the largest power of two; only some sixty forks can have intervals that hold a position.
 */

/** The fork of the positions from `since` up to, not including, `until`. */
export function forkOf(since: number, until: number): number {
  const last = until - 1
  let step = 1
  while (Math.floor(since / step) !== Math.floor(last / step)) step *= 2
  return step === 1 ? last : last - (last % (step / 2))
}

export interface Forks {
  /** Not after the position: what hangs there began by then, and holds it if it ends after it. */
  readonly left: readonly number[]
  /** After the position: what hangs there ends after it, and holds it if it began by then. */
  readonly right: readonly number[]
}

/** Whoever reads may see what was written since it was asked, so that forks are not bounded by where the ledger ends. */
const furthest = 2 ** 40

/** Where the intervals hang that hold `at`; none do in front of the first position. */
export function forksOf(at: number): Forks {
  if (at < 0) return { left: [], right: [] }
  const left = new Set([at])
  const right = new Set<number>()
  for (let step = 1; step <= furthest; step *= 2) {
    const beneath = at - (at % (step * 2))
    if (at % (step * 2) >= step) left.add(beneath + step)
    else right.add(beneath + step)
    left.add(at - (at % step))
  }
  return { left: [...left], right: [...right] }
}
