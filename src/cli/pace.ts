/** How fast long work has been going of late, and how long the rest takes if that goes on. */

/** Long enough to even out, short enough to notice that what comes now is quicker than the beginning was. */
const windowMs = 20_000

export class Pace {
  #seen: { readonly at: number; readonly done: number }[] = []

  /** @param at milliseconds, of a clock that never runs back @returns e.g. `12/s, 3 min left`; empty as long as nobody can tell */
  after(done: number, total: number, at: number): string {
    // Something else is counted from here on.
    if (done < (this.#seen.at(-1)?.done ?? 0)) this.#seen = []
    this.#seen.push({ at, done })
    // Those of one moment tell no more than the first and the last of them.
    if (this.#seen.length > 2 && this.#seen.at(-3)?.at === at) this.#seen.splice(-2, 1)
    while (at - (this.#seen[1]?.at ?? at) > windowMs) this.#seen.shift()
    const [first] = this.#seen
    if (first === undefined || at - first.at < 1_000 || done === first.done || total <= done) return ""
    const perSecond = ((done - first.done) * 1_000) / (at - first.at)
    return `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s, ${spoken((total - done) / perSecond)} left`
  }
}

function spoken(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}
