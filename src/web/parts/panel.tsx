/** A part of a page under a heading: what was asked, or why it cannot be shown. */
import type { ComponentChildren } from "preact"
import type { Loaded } from "../use-answer.js"
import { Nothing, Trouble } from "./said.js"

interface PanelProps<A> {
  readonly title: string
  readonly count?: number | undefined
  readonly aside?: ComponentChildren
  readonly of: Loaded<A>
  /** What is said when there is nothing, with what to do about it. */
  readonly empty?: { readonly title: string; readonly hint?: ComponentChildren }
  readonly isEmpty?: (answer: A) => boolean
  readonly children: (answer: A) => ComponentChildren
}

export function Panel<A>({ title, count, aside, of, empty, isEmpty, children }: PanelProps<A>) {
  const { answer, error, isLoading } = of
  const isWaiting = answer === undefined && error === undefined
  const nothing = answer !== undefined && empty !== undefined && isEmpty?.(answer) === true
  return (
    <section class={`panel${isWaiting ? " is-waiting" : ""}`} aria-busy={isLoading}>
      <header>
        <h2>{title}</h2>
        {count === undefined ? null : <span class="count">{count}</span>}
        {aside}
      </header>
      {error !== undefined && answer === undefined ? <Trouble error={error} /> : null}
      {nothing ? <Nothing title={empty.title}>{empty.hint}</Nothing> : answer === undefined ? null : children(answer)}
    </section>
  )
}
