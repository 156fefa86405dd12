/** Long work that nobody waits for, so that whoever asks something meanwhile hardly notices. */
import { sleep } from "./sleep.js"

/** So many times as long as a step took nothing is done. */
const rests = 9
/** Above this share of the time others are busy, */
const busy = 0.2
/** and are waited for, so long at a time */
const pauseMs = 25
/** and so long in all: the work is to come to an end, too. */
const mostMs = 250

/** @returns what is to be awaited after each step */
export function steppingAside(signal: AbortSignal): () => Promise<void> {
  let began = performance.now()
  return async () => {
    const rested = performance.now()
    let [restMs, isBusy] = [rests * (rested - began), false]
    do {
      const before = performance.eventLoopUtilization()
      await sleep(restMs, signal)
      isBusy = performance.eventLoopUtilization(before).utilization > busy
      restMs = pauseMs
    } while (isBusy && performance.now() - rested < mostMs && !signal.aborted)
    began = performance.now()
  }
}
