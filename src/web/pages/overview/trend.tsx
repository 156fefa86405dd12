/** How many machines were how well, along the stretch of time that the strip shows. */
import { ask } from "../../ask.js"
import { count } from "../../operations.js"
import { When } from "../../parts/when.js"
import { localTime } from "../../time.js"
import { type Sample, useSampled } from "./sampled.js"

const points = 24
const bands = ["critical", "warning", "healthy"] as const
type Counted = Readonly<Record<string, number>>

const known = new Map<string, Counted>()

/** @param now what is counted now, where that is what is looked at */
export function Trend({ now }: { readonly now: Counted | undefined }) {
  const sampled = useSampled(points, known, countedAt)
  const shown = now === undefined || sampled.length === 0 ? sampled : [...sampled, { time: Date.now(), found: now }]
  const [first, last] = [shown[0], shown.at(-1)]
  const most = Math.max(1, ...shown.map(({ found }) => bands.reduce((sum, band) => sum + (found[band] ?? 0), 0)))
  return (
    <figure class="trend">
      <div class="bars" role="img" aria-label={`Health over time: ${spoken(first, last)}`}>
        {shown.map(({ time, found }) => (
          <span
            key={time}
            title={`${localTime(new Date(time).toISOString())}\n${bands.map((band) => `${found[band] ?? 0} ${band}`).join("\n")}`}
          >
            {bands.toReversed().map((band) => (
              <i key={band} class={band} style={{ height: `${((found[band] ?? 0) / most) * 100}%` }} />
            ))}
          </span>
        ))}
      </div>
      {first === undefined || last === undefined ? null : (
        <figcaption>
          <When at={new Date(first.time).toISOString()} />
          <When at={new Date(last.time).toISOString()} />
        </figcaption>
      )}
    </figure>
  )
}

async function countedAt(at: string, signal: AbortSignal): Promise<Counted> {
  const { counts } = await ask(count, { kind: "target", by: "health", at }, signal)
  return Object.fromEntries((counts["health"] ?? []).map(({ value, count: n }) => [value ?? "unknown", n]))
}

function spoken(first: Sample<Counted> | undefined, last: Sample<Counted> | undefined): string {
  const unwell = (sample: Sample<Counted> | undefined) =>
    (sample?.found["warning"] ?? 0) + (sample?.found["critical"] ?? 0)
  return `from ${unwell(first)} machines that were not well to ${unwell(last)}`
}
