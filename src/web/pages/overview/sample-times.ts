/** At which moments a stretch of time is sampled: full steps of minutes, so that what was found is found again as time goes on; none in front of the stretch, where nothing may have been. */

const minuteMs = 60_000

/** @param points at most so many @returns ms since 1970, in order; none of no points */
export function sampleTimes({ from, to }: { readonly from: number; readonly to: number }, points: number): number[] {
  if (points === 0) return []
  const step = Math.max(1, Math.ceil((to - from) / points / minuteMs)) * minuteMs
  const last = Math.floor(to / step) * step
  return Array.from({ length: points }, (_, index) => last - (points - 1 - index) * step).filter((time) => time >= from)
}
