/** How many machines of each role, environment and source were not well, along the stretch of time that the strip shows. */
import { ask } from "../../ask.js"
import { count } from "../../operations.js"
import { type Sample, useSampled } from "./sampled.js"

export const groupings = [
  ["role", "Role"],
  ["environment", "Environment"],
  ["source", "Site or source"],
] as const
export type Grouping = (typeof groupings)[number][0]

const points = 16
/** By grouping and group. */
type Unwell = Readonly<Record<Grouping, ReadonlyMap<string | null, number>>>

const known = new Map<string, Unwell>()

/** @param isWanted they are asked for when somebody wants to see them */
export function useGroupTrends(isWanted: boolean): readonly Sample<Unwell>[] {
  return useSampled(isWanted ? points : 0, known, unwellAt)
}

/** One question tells of all groupings. */
async function unwellAt(at: string, signal: AbortSignal): Promise<Unwell> {
  const by = groupings.map(([name]) => name).join(",")
  const { counts } = await ask(count, { kind: "target", q: "health<0.7", by, at }, signal)
  const of = (name: Grouping) => new Map(counts[name]?.map(({ value, count: n }) => [value, n]))
  return { role: of("role"), environment: of("environment"), source: of("source") }
}

interface GroupTrendProps {
  readonly samples: readonly Sample<Unwell>[]
  readonly by: Grouping
  readonly group: string | null
  /** How many are not well now, where that is what is looked at. */
  readonly now: number | undefined
}

const [width, height] = [120, 18]

export function GroupTrend({ samples, by, group, now }: GroupTrendProps) {
  const sampled = samples.map(({ found }) => found[by].get(group) ?? 0)
  const counts = now === undefined ? sampled : [...sampled, now]
  const most = Math.max(1, ...counts)
  const said = `not well over time: ${counts[0]} at first, ${counts.at(-1)} at last, ${Math.max(...counts)} at most`
  const wide = width / Math.max(1, counts.length)
  const bar = (n: number, index: number) => {
    const tall = Math.max(2, (n / most) * height)
    return n === 0 ? "" : `M${index * wide} ${height}v${-tall}h${wide - 1}v${tall}z`
  }
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={said}>
      <title>{said}</title>
      <path d={counts.map(bar).join("")} />
    </svg>
  )
}
