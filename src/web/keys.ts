/** The keyboard: every page says what its keys do, and help lists them. Keys of two strokes begin with `g`. */
import { useEffect } from "preact/hooks"
import { signal } from "@preact/signals"

export interface Shortcut {
  /** As it is typed: `/`, `j`, `g o`. */
  readonly keys: string
  readonly does: string
  readonly run: () => void
}

const shortcuts = new Set<Shortcut>()
/** Begun with `g`, and waiting for what follows. */
export const isPending = signal(false)
let pendingSince = 0
const patienceMs = 1_500

export function useKeys(list: readonly Shortcut[], deps: readonly unknown[]): void {
  useEffect(() => {
    for (const shortcut of list) shortcuts.add(shortcut)
    return () => {
      for (const shortcut of list) shortcuts.delete(shortcut)
    }
  }, [...deps])
}

export function listedKeys(): readonly Shortcut[] {
  return [...shortcuts].filter((one, index, all) => all.findIndex(({ keys }) => keys === one.keys) === index)
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

/** What `Enter` means something to by itself. */
function isPressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a, button, summary") !== null
}

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isWriting(event.target)) return
    if (event.key === "Enter" && isPressable(event.target)) return
    // A dialog that has to be answered has the keyboard to itself.
    if (document.querySelector("dialog:modal") !== null) return
    const wasPending = isPending.value && event.timeStamp - pendingSince < patienceMs
    isPending.value = false
    if (!wasPending && event.key === "g") {
      isPending.value = true
      pendingSince = event.timeStamp
      return
    }
    const typed = wasPending ? `g ${event.key}` : event.key
    // What was said last counts: a page's own keys before the frame's.
    const found = [...shortcuts].reverse().find(({ keys }) => keys === typed)
    if (found === undefined) return
    event.preventDefault()
    found.run()
  })
}
