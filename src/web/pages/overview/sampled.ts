/** What was at points along the stretch of time that the strip shows. */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { isStranger } from "../../answers.js"
import { stretch } from "../../frame/range.js"
import { revision } from "../../live.js"
import { sampleTimes } from "./sample-times.js"

export interface Sample<T> {
  /** ms since 1970. */
  readonly time: number
  readonly found: T
}

/**
 * One point is asked about after the other, so that nothing else waits, and all are shown once they are there.
 * @param points how many; none for what is not wanted
 * @param known what was found, by instant: what was, stays, and is asked once
 */
export function useSampled<T>(
  points: number,
  known: Map<string, T>,
  askAt: (at: string, signal: AbortSignal) => Promise<T>,
): readonly Sample<T>[] {
  const shown = useSignal<readonly Sample<T>[]>([])
  const span = stretch.value
  const times = span === undefined ? [] : sampleTimes(span, points)
  const wanted = times.join()
  const epoch = revision.value

  useEffect(() => {
    if (times.length === 0 || isStranger.peek()) return
    const abort = new AbortController()
    const load = async () => {
      const samples: Sample<T>[] = []
      for (const time of times) {
        if (abort.signal.aborted) return
        const at = new Date(time).toISOString()
        const found = known.get(at) ?? (await askAt(at, abort.signal))
        known.set(at, found)
        samples.push({ time, found })
      }
      shown.value = samples
    }
    load().catch(() => undefined)
    return () => abort.abort()
  }, [wanted, epoch, shown])

  return shown.value
}
