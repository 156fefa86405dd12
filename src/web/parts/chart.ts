/** A series as a line with the least and greatest around it, in the colours of the theme. */
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"

interface Measured {
  readonly at: string
  readonly value: number
  readonly least: number
  readonly greatest: number
}

const heightPx = 92

/**
 * @param write a value, for the axis
 * @param span in milliseconds since 1970
 */
export function draw(
  element: HTMLElement,
  items: readonly Measured[],
  write: (value: number) => string,
  span: { readonly from: number; readonly to: number } | undefined,
): { destroy(): void } {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const font = `10px ${colour("--sans")}`
  const times = items.map(({ at }) => Date.parse(at) / 1_000)
  const first = times[0] as number
  const min = span === undefined ? first : Math.max(first, span.from / 1_000)
  const max = times.at(-1) as number
  const axis = {
    stroke: colour("--soft"),
    font,
    grid: { stroke: colour("--line-soft"), width: 1 },
    ticks: { show: false },
    gap: 3,
  }
  const line = { stroke: colour("--accent"), width: 1.25, points: { show: items.length < 2 } }
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height: heightPx,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: { x: { range: [min, Math.max(max, min + 1)] } },
      axes: [
        { ...axis, size: 18, space: 70 },
        { ...axis, size: 56, space: 26, values: (_, values) => values.map(write) },
      ],
      series: [
        {},
        line,
        { stroke: "transparent", points: { show: false } },
        { stroke: "transparent", points: { show: false } },
      ],
      bands: [{ series: [3, 2], fill: colour("--notice-ground") }],
    },
    [times, items.map(({ value }) => value), items.map(({ least }) => least), items.map(({ greatest }) => greatest)],
    element,
  )
  const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: heightPx }))
  observer.observe(element)
  return {
    destroy() {
      observer.disconnect()
      plot.destroy()
    },
  }
}
