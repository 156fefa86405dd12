/** A step through time is one picture: what it changes is drawn with what was asked for at it, unless that takes long. */
import { afterEach, beforeEach, expect, it, vi } from "vitest"

/** They are of the page, whose types are not those of Node. */
const page: string = "../../src/web/rounds.js"
const { asking, drawSoon, isSlow, stepping } = (await import(page)) as {
  readonly asking: () => () => void
  readonly stepping: () => void
  readonly drawSoon: (draw: () => void) => void
  readonly isSlow: { readonly value: boolean }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Something that is drawn, and whether it was. */
function picture() {
  let drawn = 0
  drawSoon(() => (drawn += 1))
  return { drawn: () => drawn }
}

const now = () => vi.advanceTimersByTimeAsync(0)

it("what asks nothing is drawn at once, after those who ask because of the same change", async () => {
  const order: string[] = []
  drawSoon(() => order.push("drawn"))
  queueMicrotask(() => order.push("sent"))
  await now()
  expect(order).toEqual(["sent", "drawn"])
})

it("a step is drawn once, when all that was asked for at it is answered", async () => {
  const answered = [asking(), asking()]
  stepping()
  const step = picture()
  await now()
  answered[0]?.()
  await now()
  expect(step.drawn()).toBe(0)
  answered[1]?.()
  await now()
  expect(step.drawn()).toBe(1)
  await vi.runAllTimersAsync()
  expect(step.drawn()).toBe(1)
})

it("a step whose answer takes longer is drawn by itself before", async () => {
  const answered = asking()
  stepping()
  const step = picture()
  await vi.advanceTimersByTimeAsync(99)
  expect(step.drawn()).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(step.drawn()).toBe(1)
  const later = picture()
  await now()
  expect(later.drawn()).toBe(1)
  answered()
})

it("what is asked again at the same point lets everything else be drawn meanwhile", async () => {
  const answered = asking()
  const other = picture()
  await now()
  expect(other.drawn()).toBe(1)
  answered()
})

it("that something is asked for is said to those who wait, and to nobody else", async () => {
  const soon = asking()
  await vi.advanceTimersByTimeAsync(199)
  soon()
  await vi.runAllTimersAsync()
  expect(isSlow.value).toBe(false)
  const late = asking()
  await vi.advanceTimersByTimeAsync(200)
  expect(isSlow.value).toBe(true)
  late()
  expect(isSlow.value).toBe(false)
})
