/** A point on the strip that is moved by keys; the strip itself moves it by the pointer. */
import { type ReadonlySignal, useComputed } from "@preact/signals"

interface HandleProps {
  /** Classes of its own. */
  readonly name: string
  readonly label: string
  /** ms since the epoch, as all here. */
  readonly time: number
  readonly range: { readonly from: number; readonly end: number }
  /** Where it is, in words. */
  readonly text: string
  /** Pixels. A signal, as it follows the pointer before anything else is drawn. */
  readonly left: ReadonlySignal<number>
  readonly onKeyDown: (event: KeyboardEvent) => void
}

export function Handle({ name, label, time, range: { from, end }, text, left, onKeyDown }: HandleProps) {
  const style = useComputed(() => `left: ${left.value}px`)
  return (
    <span
      class={`handle ${name}`}
      role="slider"
      tabIndex={0}
      title={label}
      aria-label={label}
      aria-valuemin={from}
      aria-valuemax={end}
      aria-valuenow={Math.round(Math.min(Math.max(time, from), end))}
      aria-valuetext={text}
      style={style}
      onKeyDown={onKeyDown}
    />
  )
}
