/** The strip in words, for whoever points at it and for whoever hears the page. */
import { localTime } from "../time.js"
import type { Density } from "./strip.js"

type Bucket = Density["buckets"][number]
const severities = ["critical", "warning", "notice", "info"] as const

/** `2 critical, 1 info · not all was seen`, of the time about an instant in ms since 1970; undefined outside of the strip. */
export function spokenAt({ buckets }: Density, time: number): string | undefined {
  const bucket = buckets.find(({ to }) => Date.parse(to) >= time)
  return bucket && `${countsOf([bucket])}${bucket.incomplete ? " · not all was seen" : ""}`
}

/** All of it: how many changes between when, and when somebody could not look. */
export function spokenOf({ from, to, buckets }: Density): string {
  const blind = blindIn(buckets)
  const last = blind.at(-1)
  const times = blind.length === 1 ? "" : ` ${blind.length} times, last`
  return [
    `Changes from ${localTime(from.time)} to ${localTime(to.time)}: ${countsOf(buckets)}`,
    last === undefined
      ? "Everything was seen"
      : `Not all was seen${times} from ${localTime(last.from)} to ${localTime(last.to)}`,
  ].join(". ")
}

function countsOf(buckets: readonly Bucket[]): string {
  const counts = severities.flatMap((severity) => {
    const count = buckets.reduce((sum, bucket) => sum + bucket[severity], 0)
    return count === 0 ? [] : [`${count} ${severity}`]
  })
  return counts.length === 0 ? "no changes" : counts.join(", ")
}

/** Stretches that lie next to each other are one. */
function blindIn(buckets: readonly Bucket[]): readonly { readonly from: string; readonly to: string }[] {
  const found: { from: string; to: string }[] = []
  for (const { from, to, incomplete } of buckets) {
    const last = found.at(-1)
    if (!incomplete) continue
    if (last?.to === from) last.to = to
    else found.push({ from, to })
  }
  return found
}
