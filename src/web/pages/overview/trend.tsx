/** How many machines were how well, along the stretch of time that the strip shows. Points that are past are asked for once. */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { ask, isStranger } from "../../ask.js"
import { stretch } from "../../frame/range.js"
import { revision } from "../../live.js"
import { count } from "../../operations.js"
import { localTime } from "../../time.js"

const points = 24
const bands = ["critical", "warning", "healthy"] as const
type Counted = Readonly<Record<string, number>>

/** By instant: what was, stays. */
const known = new Map<string, Counted>()

export function Trend() {
  const shown = useSignal<readonly { readonly time: number; readonly counted: Counted }[]>([])
  const span = stretch.value
  const step = span === undefined ? 0 : Math.ceil((span.to - span.from) / points / 60_000) * 60_000
  const last = span === undefined || step === 0 ? 0 : Math.floor(span.to / step) * step
  const epoch = revision.value

  useEffect(() => {
    if (last === 0 || isStranger.peek()) return
    const abort = new AbortController()
    const times = Array.from({ length: points }, (_, index) => last - (points - 1 - index) * step)
    const load = async () => {
      const found = []
      for (const time of times) {
        if (abort.signal.aborted) return
        found.push({ time, counted: await countedAt(new Date(time).toISOString(), abort.signal) })
      }
      shown.value = found
    }
    load().catch(() => undefined)
    return () => abort.abort()
  }, [last, step, epoch, shown])

  const most = Math.max(
    1,
    ...shown.value.map(({ counted }) => bands.reduce((sum, band) => sum + (counted[band] ?? 0), 0)),
  )
  return (
    <figure class="trend">
      <div class="bars" role="img" aria-label={`Health over time: ${spoken(shown.value)}`}>
        {shown.value.map(({ time, counted }) => (
          <span
            key={time}
            title={`${localTime(new Date(time).toISOString())}\n${bands.map((band) => `${counted[band] ?? 0} ${band}`).join("\n")}`}
          >
            {bands.toReversed().map((band) => (
              <i key={band} class={band} style={{ height: `${((counted[band] ?? 0) / most) * 100}%` }} />
            ))}
          </span>
        ))}
      </div>
    </figure>
  )
}

async function countedAt(at: string, signal: AbortSignal): Promise<Counted> {
  const before = known.get(at)
  if (before !== undefined) return before
  const { counts } = await ask(count, { kind: "target", by: "health", at }, signal)
  const counted = Object.fromEntries((counts["health"] ?? []).map(({ value, count: n }) => [value ?? "unknown", n]))
  known.set(at, counted)
  return counted
}

function spoken(all: readonly { readonly counted: Counted }[]): string {
  const unwell = (counted: Counted | undefined) => (counted?.["warning"] ?? 0) + (counted?.["critical"] ?? 0)
  return `from ${unwell(all[0]?.counted)} machines that were not well to ${unwell(all.at(-1)?.counted)}`
}
