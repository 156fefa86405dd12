/** What was measured, as small charts over the stretch of time that the strip shows. Drawing them comes along when there is something to draw. */
import { useEffect, useRef } from "preact/hooks"
import { range, stretch } from "../../frame/range.js"
import { resolved } from "../../frame/resolved.js"
import { measurements } from "../../operations.js"
import { Panel } from "../../parts/panel.js"
import { isPast } from "../../place.js"
import { useAnswer } from "../../use-answer.js"
import { type Charted, chartedOf } from "./charted.js"

export function Measured({ entity }: { readonly entity: string }) {
  const since = beginning()
  const found = useAnswer(measurements, since === undefined ? { entity } : { entity, since })
  const charts = chartedOf(found.answer?.series ?? [])
  if (charts.length === 0) return null
  return (
    <Panel title="Measurements" count={charts.length} of={found}>
      {() => (
        <div class="charts">
          {charts.map((one) => (
            <Chart key={one.metric} charted={one} />
          ))}
        </div>
      )}
    </Panel>
  )
}

/** Of what the strip shows, of all there is the last 30 days; undefined, for the day before the point, where the strip would show less. */
function beginning(): string | undefined {
  const { from } = range.value
  if (!isPast.value) return from ?? "-30d"
  const [shown, then] = [stretch.value?.from, resolved.value.at?.time]
  if (from === undefined || shown === undefined || (then !== undefined && Date.parse(then) <= shown)) return undefined
  return new Date(shown).toISOString()
}

function Chart({ charted: { name, items, write } }: { readonly charted: Charted }) {
  const place = useRef<HTMLDivElement>(null)
  const last = items.at(-1)
  // Asking again finds the same for the most part.
  const drawn = JSON.stringify(items)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    let isGone = false
    let chart: { destroy(): void } | undefined
    const load = async () => {
      const { draw } = await import("../../parts/chart.js")
      if (!isGone) chart = draw(element, items, write, stretch.peek())
    }
    load().catch(() => undefined)
    return () => {
      isGone = true
      chart?.destroy()
    }
  }, [drawn])
  const now = last === undefined ? "" : write(last.value)
  return (
    <figure>
      <figcaption>
        <span title={name}>{name}</span> <b>{now}</b>
      </figcaption>
      <div ref={place} role="img" aria-label={`${name} over time, at last ${now}${boundsOf(items, write)}`} />
    </figure>
  )
}

function boundsOf(items: Charted["items"], write: Charted["write"]): string {
  const [least, greatest] = [Math.min(...items.map((one) => one.least)), Math.max(...items.map((one) => one.greatest))]
  return `, between ${write(least)} and ${write(greatest)}`
}
