/** Waiting for a while. Whoever waits is handed this as an argument, as with the clock, so that tests need not wait themselves. */

/** Resolves after so many milliseconds, or as soon as `signal` aborts: never with an error. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

/** Of a timer, 24.8 days: one for longer goes off at once. */
export const longestTimerMs = 2 ** 31 - 1

export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    let timer: NodeJS.Timeout
    const wait = (left: number) => {
      const part = Math.min(left, longestTimerMs)
      timer = setTimeout(() => (left > part ? wait(left - part) : done()), part)
    }
    wait(ms)
    signal.addEventListener("abort", done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      resolve()
    }
  })
