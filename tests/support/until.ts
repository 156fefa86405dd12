/** Waits for a condition: turn by turn of the event loop, then, as others need the processor to bring it about, every few milliseconds. */

const patienceMs = 20_000
const eagerTurns = 20
const pauseMs = 3
// The machine's own, also where a test holds the time in its hand.
const { setTimeout } = globalThis

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (let turn = 0; !(await condition()); turn++) {
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain for: ${condition.toString()}`)
    await new Promise((resolve) => (turn < eagerTurns ? setImmediate(resolve) : setTimeout(resolve, pauseMs)))
  }
}
