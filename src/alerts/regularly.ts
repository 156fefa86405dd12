/** What is looked after by the clock, where it is this instance's turn, until it is stopped. */
import { type Sleep, sleep as sleepFor } from "#kernel/sleep.js"

export interface Times {
  /** Whether it is this instance that acts, now. */
  readonly isOurs: () => boolean
  readonly sleep?: Sleep
}

export interface Regular {
  stop(): Promise<void>
}

/** @param afterMs before the first time @param failed hears of what could not be done; it is tried again */
export function regularly(
  work: () => Promise<unknown>,
  { afterMs, everyMs }: { readonly afterMs: number; readonly everyMs: number },
  { isOurs, sleep = sleepFor }: Times,
  failed: (error: unknown) => void,
): Regular {
  const abort = new AbortController()
  const keep = async () => {
    if (afterMs > 0) await sleep(afterMs, abort.signal)
    while (!abort.signal.aborted) {
      try {
        if (isOurs()) await work()
      } catch (error) {
        failed(error)
      }
      await sleep(everyMs, abort.signal)
    }
  }
  const kept = keep()
  return {
    async stop() {
      abort.abort()
      await kept
    },
  }
}
