/** Waits for a condition, turn by turn of the event loop: no longer than it takes. */

const patienceMs = 10_000

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain for: ${condition.toString()}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
