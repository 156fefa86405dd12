/** Long work in turns, so that nobody who asks something short waits for it. */

/** Well below what anybody notices; a turn costs a few microseconds. */
const turnMs = 15

/** @returns what is to be awaited between two steps: it lets others have their turn when this one has lasted long enough */
export function inTurns(): () => Promise<void> {
  let began = performance.now()
  return async () => {
    if (performance.now() - began < turnMs) return
    await new Promise((resolve) => setImmediate(resolve))
    began = performance.now()
  }
}
