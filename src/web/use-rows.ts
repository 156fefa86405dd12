/** Rows of a plain table, gone through by `j` and `k` and opened by `Enter`. The one that is chosen has the focus: it is in sight, and what `Tab` goes on from. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { land } from "./focus.js"
import { useKeys } from "./keys.js"

/** @returns the row that is chosen; -1 for none */
export function useRows(count: number, open: (index: number) => void): number {
  const chosen = useSignal(-1)
  // What is in sight counts when a key is pressed, however many rows there were when it was listened for.
  const latest = useRef({ count, open })
  latest.current = { count, open }
  const move = (by: number) => (chosen.value = Math.min(Math.max(chosen.value + by, 0), latest.current.count - 1))
  useKeys(
    [
      { keys: "j", does: "To the next row", run: () => move(1) },
      { keys: "k", does: "To the row before", run: () => move(-1) },
      { keys: "Enter", does: "Open the row", run: () => latest.current.open(chosen.value) },
    ],
    [],
  )
  useEffect(() => {
    const row = document.querySelector<HTMLElement>('main [aria-current="true"]')
    if (chosen.value >= 0 && row !== null) land(row)
  }, [chosen.value])
  return Math.min(chosen.value, count - 1)
}
