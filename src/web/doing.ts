/** Doing something from a page: what came of it is shown, and everything is asked again. */
import { type Signal, useSignal } from "@preact/signals"
import { at } from "./place.js"
import { refresh } from "./live.js"
import { session } from "./session.js"

export interface Doing {
  /** Why it could not be done. */
  readonly problem: Signal<string | undefined>
  readonly run: (work: () => Promise<unknown>) => Promise<void>
}

export function useDoing(): Doing {
  const problem = useSignal<string | undefined>(undefined)
  return {
    problem,
    async run(work) {
      try {
        await work()
        problem.value = undefined
        refresh()
      } catch (error) {
        problem.value = (error as Error).message
      }
    },
  }
}

/** Why nothing can be done here, if it cannot: the past is over, and some may only read. */
export function whyNot(): string | undefined {
  if (at.value !== undefined) return "This is the past: go back to now to do something about it."
  if (session.value?.scope === "read") return "Your token may only read."
  return undefined
}
