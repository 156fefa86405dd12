/** What shows the rest of a list that is there already. */
import type { ComponentChildren } from "preact"

interface RestProps {
  /** How many of it are not shown. */
  readonly left: number
  readonly onMore: () => void
  readonly children?: ComponentChildren
}

export function Rest({ left, onMore, children = `${left} more` }: RestProps) {
  if (left <= 0) return null
  return (
    <p class="more">
      <button type="button" onClick={onMore}>
        {children}
      </button>
    </p>
  )
}
