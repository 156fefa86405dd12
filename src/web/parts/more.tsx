/** What a list goes on by, where there is more of it. */
import type { ReadonlySignal } from "@preact/signals"
import type { ComponentChildren } from "preact"

interface MoreProps {
  readonly of: { readonly next: string | null; readonly isLoading: ReadonlySignal<boolean> }
  readonly onMore: () => void
  readonly children?: ComponentChildren
}

export function More({ of: { next, isLoading }, onMore, children = "More" }: MoreProps) {
  if (next === null) return null
  return (
    <p class="more">
      <button type="button" aria-disabled={isLoading} onClick={onMore}>
        {children}
      </button>
    </p>
  )
}
