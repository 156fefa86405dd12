/** Waiting for a while. Whoever waits is handed this as an argument, as with the clock, so that tests need not wait themselves. */

/** Resolves after so many milliseconds, or as soon as `signal` aborts: never with an error. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, ms)
    signal.addEventListener("abort", done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      resolve()
    }
  })
