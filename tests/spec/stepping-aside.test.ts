/** Long work steps aside for whoever asks something meanwhile, and comes to an end all the same. */
import { steppingAside } from "#kernel/stepping-aside.js"
import { expect, it } from "vitest"

/** Keeps the event loop busy. */
function busyFor(ms: number): void {
  const began = performance.now()
  while (performance.now() - began < ms);
}

it("rests nine times as long as it worked", async () => {
  const rest = steppingAside(new AbortController().signal)
  busyFor(10)
  const worked = performance.now()
  await rest()
  expect(performance.now() - worked).toBeGreaterThanOrEqual(85)
})

it("rests longer where others are busy, and not for ever", async () => {
  const rest = steppingAside(new AbortController().signal)
  const asking = setInterval(() => busyFor(10), 1)
  busyFor(2)
  const worked = performance.now()
  await rest()
  clearInterval(asking)
  expect(performance.now() - worked).toBeGreaterThanOrEqual(190)
})

it("rests no longer when it is stopped", async () => {
  const stop = new AbortController()
  const rest = steppingAside(stop.signal)
  busyFor(100)
  stop.abort()
  const late = new Promise((resolve) => setTimeout(resolve, 800, "late"))
  expect(await Promise.race([rest(), late])).toBeUndefined()
})
