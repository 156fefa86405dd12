/** Charts as SVG within a page: shapes and text, no script and no style of their own. */
import { type Html, html } from "#kernel/html.js"
import type { Chart, Part } from "./report.js"

const width = 720
const [barHeight, labelWidth, tall] = [22, 190, 120]
/** Longer ones would run into their bars; the whole is told by whoever points at it. */
const longestLabel = 26

export function chartOf(chart: Chart, title: string): Html {
  switch (chart.is) {
    case "bars":
      return bars(chart.parts, title)
    case "columns":
      return columns(chart.columns, title)
    case "line":
      return line(chart.moments, title)
  }
}

function framed(height: number, title: string, inside: readonly Html[]): Html {
  return html`<svg role="img" viewBox="0 0 ${width} ${height}" aria-label="${title}">${inside}</svg>`
}

function bars(parts: readonly Part[], title: string): Html {
  const most = Math.max(1, ...parts.map(({ value }) => value))
  const room = width - labelWidth - 70
  const each = parts.map(({ label, value, tone }, index) => {
    const [y, length] = [index * barHeight, (value / most) * room]
    const text = label.length > longestLabel ? `${label.slice(0, longestLabel - 1).toWellFormed()}…` : label
    return html`<g
      ><title>${label}: ${value}</title>
      <text x="${labelWidth - 8}" y="${y + 15}" text-anchor="end">${text}</text>
      <rect
        class="${tone}"
        x="${labelWidth}"
        y="${y + 3}"
        width="${places(Math.max(length, value > 0 ? 1 : 0))}"
        height="${barHeight - 6}"
        rx="2"
      />
      <text x="${places(labelWidth + length + 6)}" y="${y + 15}">${value}</text></g
    >`
  })
  return framed(parts.length * barHeight, title, each)
}

function columns(all: readonly { readonly from: string; readonly parts: readonly Part[] }[], title: string): Html {
  const sum = (parts: readonly Part[]) => parts.reduce((total, { value }) => total + value, 0)
  const most = Math.max(1, ...all.map(({ parts }) => sum(parts)))
  const step = width / Math.max(1, all.length)
  const each = all.map(({ from, parts }, index) => {
    let top = tall
    const pieces = parts.map(({ value, tone }) => {
      const height = (value / most) * tall
      top -= height
      return html`<rect
        class="${tone}"
        x="${places(index * step + 1)}"
        y="${places(top)}"
        width="${places(step - 2)}"
        height="${places(height)}"
      />`
    })
    const told = parts.flatMap(({ label, value }) => (value > 0 ? [`${value} ${label}`] : [])).join(", ")
    return html`<g><title>${from}: ${told === "" ? "nothing" : told}</title>${pieces}</g>`
  })
  return framed(tall + 20, title, [...each, ...ends(all[0]?.from, all.at(-1)?.from)])
}

function line(moments: readonly { readonly at: string; readonly value: number | null }[], title: string): Html {
  const step = width / Math.max(1, moments.length - 1)
  /** Where nothing is known it is interrupted. */
  const pieces: string[][] = [[]]
  for (const [index, { value }] of moments.entries()) {
    if (value === null) pieces.push([])
    else pieces.at(-1)?.push(`${places(index * step)},${places((1 - value) * tall)}`)
  }
  const drawn = pieces
    .filter((points) => points.length > 0)
    // A point alone would not be seen.
    .map((points) => html`<polyline points="${[...points, points.at(-1) ?? ""].join(" ")}" />`)
  const grid = [0, tall / 2, tall].map((y) => html`<line x1="0" x2="${width}" y1="${y}" y2="${y}" />`)
  return framed(tall + 20, title, [...grid, ...drawn, ...ends(moments[0]?.at, moments.at(-1)?.at)])
}

function ends(first: string | undefined, last: string | undefined): readonly Html[] {
  return [
    html`<text x="0" y="${tall + 15}">${first}</text>`,
    html`<text x="${width}" y="${tall + 15}" text-anchor="end">${last}</text>`,
  ]
}

function places(value: number): number {
  return Math.round(value * 10) / 10
}
