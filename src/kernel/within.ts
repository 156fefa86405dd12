/** Work that has a time limit and can be called off: whoever waits is let go at once, and the work is told to clean up. */
import { setMaxListeners } from "node:events"

/** A signal that many wait for at once, which Node would take for a leak. */
export function forMany(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal)
  return signal
}

/**
 * @param late what it fails with when the time is over
 * @param work has to let go of what it holds when its signal aborts, also if it gets hold of something only then
 */
export async function within<T>(
  ms: number,
  signal: AbortSignal,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const over = new AbortController()
  const cancel = () => over.abort(signal.reason)
  forMany(signal).addEventListener("abort", cancel, { once: true })
  const timer = setTimeout(() => over.abort(late()), ms)
  try {
    return await unlessAborted(over.signal, work(over.signal))
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", cancel)
  }
}

/** What is waited for, or the signal's reason as soon as it aborts. */
export function unlessAborted<T>(signal: AbortSignal, waited: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    forMany(signal).addEventListener("abort", abort, { once: true })
    waited.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort))
  })
}
