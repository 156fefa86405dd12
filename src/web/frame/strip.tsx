/** The strip of changes: how many there were when and how severe, hatched where somebody could not look. Drawn anew in one path for each severity. */
import type { Answer } from "../ask.js"
import type { density } from "../operations.js"
import { spokenOf } from "./spoken.js"
import { type Tick } from "./ticks.js"

export type Density = Answer<NonNullable<typeof density.of>>
const severities = ["info", "notice", "warning", "critical"] as const

export interface StripProps {
  readonly density: Density
  readonly ticks: readonly Tick[]
  readonly width: number
  readonly height: number
  readonly xOf: (time: number) => number
}

/** Room for the longest label. */
const labelPx = 64

export function Strip({ density, ticks, width, height, xOf }: StripProps) {
  const { buckets } = density
  const totals = buckets.map(({ info, notice, warning, critical }) => info + notice + warning + critical)
  const most = Math.max(1, ...totals)
  const paths: Record<string, string> = { info: "", notice: "", warning: "", critical: "" }
  let dark = ""
  for (const [index, bucket] of buckets.entries()) {
    const x = xOf(Date.parse(bucket.from))
    const wide = Math.max(1, xOf(Date.parse(bucket.to)) - x - 0.5)
    if (bucket.incomplete) dark += `M${x} 0h${wide + 0.5}v${height}h-${wide + 0.5}z`
    const total = totals[index] ?? 0
    if (total === 0) continue
    // The root keeps a single change visible beside a thousand.
    const tall = Math.max(3, Math.sqrt(total / most) * (height - 4))
    let y = height
    for (const severity of severities) {
      const part = (bucket[severity] / total) * tall
      if (part === 0) continue
      y -= part
      paths[severity] += `M${x.toFixed(1)} ${y.toFixed(1)}h${wide.toFixed(1)}v${part.toFixed(1)}h-${wide.toFixed(1)}z`
    }
  }
  return (
    <svg width={width} height={height + 16} role="img" aria-label={spokenOf(density)}>
      <defs>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line x1="0" y1="0" x2="0" y2="5" />
        </pattern>
      </defs>
      <path class="blind" d={dark} fill="url(#hatch)" />
      {ticks.map(({ time, text }) => (
        <g key={time} class="tick">
          <line x1={xOf(time)} x2={xOf(time)} y1="0" y2={height + 4} />
          {xOf(time) > width - labelPx ? null : (
            <text x={xOf(time) + 4} y={height + 12}>
              {text}
            </text>
          )}
        </g>
      ))}
      <line class="base" x1="0" x2={width} y1={height} y2={height} />
      {severities.map((severity) => (
        <path key={severity} class={severity} d={paths[severity]} />
      ))}
    </svg>
  )
}
