/** What stands beside the content where there is room for it, and on a phone under a button that opens it. */
import type { Signal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import { useRef } from "preact/hooks"

interface FoldingProps {
  readonly id: string
  readonly title: string
  /** What is to be found under it. */
  readonly hint?: string
  /** Of no effect where it stands beside. */
  readonly isOpen: Signal<boolean>
  readonly children: ComponentChildren
}

export function Folding({ id, title, hint, isOpen, children }: FoldingProps) {
  const button = useRef<HTMLButtonElement>(null)
  const onKeyDown = ({ key }: KeyboardEvent) => {
    if (key !== "Escape" || !isOpen.value) return
    isOpen.value = false
    button.current?.focus()
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        class="fold"
        aria-expanded={isOpen.value}
        aria-controls={id}
        onClick={() => (isOpen.value = !isOpen.value)}
        onKeyDown={onKeyDown}
      >
        {title}
        {hint === undefined ? null : <span class="soft">{hint}</span>}
      </button>
      <div id={id} class={`folding${isOpen.value ? " open" : ""}`} onKeyDown={onKeyDown}>
        {children}
      </div>
    </>
  )
}
