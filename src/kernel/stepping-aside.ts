/** Long work that nobody waits for, so that whoever asks something meanwhile hardly notices. Its steps are to be short: nobody is answered during one. */
import { sleep } from "./sleep.js"

/** So many times as long as a step took nothing is done; */
const rests = 9
/** as long as others are busy above this share of the time, once more, */
const busy = 0.2
/** and so many times in all: the work is to come to an end, too. */
const mostRests = 99

/** @returns what is to be awaited after each step */
export function steppingAside(signal: AbortSignal): () => Promise<void> {
  let began = performance.now()
  return async () => {
    const worked = performance.now()
    const stepMs = worked - began
    let isBusy = false
    do {
      const before = performance.eventLoopUtilization()
      await sleep(rests * stepMs, signal)
      isBusy = performance.eventLoopUtilization(before).utilization > busy
    } while (isBusy && performance.now() - worked < mostRests * stepMs && !signal.aborted)
    began = performance.now()
  }
}
