/** Long work steps aside for whoever asks something meanwhile, and comes to an end all the same. */
import { steppingAside } from "#kernel/stepping-aside.js"
import { expect, it } from "vitest"

/** Keeps the event loop busy. */
function busyFor(ms: number): void {
  const began = performance.now()
  while (performance.now() - began < ms);
}

it("rests nine times as long as it worked", async () => {
  const began = performance.now()
  const rest = steppingAside(new AbortController().signal)
  busyFor(10)
  const worked = performance.now()
  await rest()
  const rested = performance.now() - worked
  expect(rested).toBeGreaterThanOrEqual(85)
  expect(rested).toBeLessThan(60 * (worked - began))
})

it("rests longer where others are busy, and not for ever", async () => {
  const rest = steppingAside(new AbortController().signal)
  const asking = setInterval(() => busyFor(10), 1)
  busyFor(2)
  const worked = performance.now()
  await rest()
  clearInterval(asking)
  const rested = performance.now() - worked
  expect(rested).toBeGreaterThanOrEqual(190)
  expect(rested).toBeLessThan(5_000)
})

it("rests no longer when it is stopped", async () => {
  const stop = new AbortController()
  const rest = steppingAside(stop.signal)
  busyFor(100)
  stop.abort()
  const late = new Promise((resolve) => setTimeout(resolve, 800, "late"))
  expect(await Promise.race([rest(), late])).toBeUndefined()
})
