/** What was measured, as small charts over the stretch of time that the strip shows. Drawing them comes along when there is something to draw. */
import { useEffect, useRef } from "preact/hooks"
import type { Answer } from "../../ask.js"
import { range, stretch } from "../../frame/range.js"
import { measurements } from "../../operations.js"
import { Panel } from "../../parts/panel.js"
import { useAnswer } from "../../use-answer.js"

type Series = Answer<NonNullable<typeof measurements.of>>["series"][number]

export function Measured({ entity }: { readonly entity: string }) {
  const found = useAnswer(measurements, { entity, since: range.value.from ?? "-30d" })
  const series = (found.answer?.series ?? []).filter(({ items }) => items.length > 1)
  if (series.length === 0) return null
  return (
    <Panel title="Measurements" count={series.length} of={found}>
      {() => (
        <div class="charts">
          {series.map((one) => (
            <Chart key={one.metric} series={one} />
          ))}
        </div>
      )}
    </Panel>
  )
}

function Chart({ series: { metric, items } }: { readonly series: Series }) {
  const place = useRef<HTMLDivElement>(null)
  const last = items.at(-1)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    let isGone = false
    let drawn: { destroy(): void } | undefined
    const load = async () => {
      const { draw } = await import("../../parts/chart.js")
      if (!isGone) drawn = draw(element, items, stretch.peek())
    }
    load().catch(() => undefined)
    return () => {
      isGone = true
      drawn?.destroy()
    }
  }, [items])
  return (
    <figure>
      <figcaption>
        <span>{nameOf(metric)}</span> <b>{last === undefined ? "" : round(last.value)}</b>
      </figcaption>
      <div
        ref={place}
        role="img"
        aria-label={`${nameOf(metric)} over time, at last ${last === undefined ? "not known" : round(last.value)}`}
      />
    </figure>
  )
}

function nameOf(metric: string): string {
  return metric
    .replace(/^\//, "")
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(" › ")
}

function round(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Math.round(value * 100) / 100)
}
