/** Rows of a plain table, gone through by `j` and `k` and opened by `Enter`. */
import { useSignal } from "@preact/signals"
import { useKeys } from "./keys.js"

/** @returns the row that is chosen; -1 for none */
export function useRows(count: number, open: (index: number) => void): number {
  const chosen = useSignal(-1)
  const move = (by: number) => (chosen.value = Math.min(Math.max(chosen.value + by, 0), count - 1))
  useKeys(
    [
      { keys: "j", does: "To the next row", run: () => move(1) },
      { keys: "k", does: "To the row before", run: () => move(-1) },
      { keys: "Enter", does: "Open the row", run: () => open(chosen.value) },
    ],
    [count],
  )
  return Math.min(chosen.value, count - 1)
}
