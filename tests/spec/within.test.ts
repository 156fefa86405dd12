/** Work that has a time limit: whoever waits is let go at once, the work is told, and nothing is left behind. */
import { getEventListeners } from "node:events"
import { unlessAborted, within } from "#kernel/within.js"
import { beforeEach, expect, it, vi } from "vitest"

const never = new Promise<never>(() => {})
const tooLate = () => new Error("too late")
const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

it("is done in time, or fails as it fails, and its signal stays quiet", async () => {
  const { signal } = new AbortController()
  let given: AbortSignal | undefined
  const working = (answer: Promise<number>) =>
    within(1_000, signal, tooLate, (own) => {
      given = own
      return answer
    })
  expect(await working(Promise.resolve(7))).toBe(7)
  await expect(working(Promise.reject(new Error("no")))).rejects.toThrow("no")
  expect([vi.getTimerCount(), listeners(signal)]).toStrictEqual([0, 0])
  vi.advanceTimersByTime(5_000)
  expect(given?.aborted).toBe(false)
})

it("fails when the time is over, and tells the work so", async () => {
  const { signal } = new AbortController()
  let given: AbortSignal | undefined
  const late = within(1_000, signal, tooLate, (own) => {
    given = own
    return never
  })
  const failed = late.catch((error: unknown) => error)
  vi.advanceTimersByTime(999)
  expect(given?.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(await failed).toStrictEqual(new Error("too late"))
  expect([given?.aborted, given?.reason]).toStrictEqual([true, new Error("too late")])
  expect(listeners(signal)).toBe(0)
})

it("is called off with the reason of whoever does, and does not begin when it is already", async () => {
  const off = new AbortController()
  let given: AbortSignal | undefined
  const called = within(1_000, off.signal, tooLate, (own) => {
    given = own
    return never
  })
  off.abort(new Error("nobody waits"))
  await expect(called).rejects.toThrow("nobody waits")
  expect([given?.reason, vi.getTimerCount(), listeners(off.signal)]).toStrictEqual([new Error("nobody waits"), 0, 0])
  const work = vi.fn(async () => 7)
  await expect(within(1_000, off.signal, tooLate, work)).rejects.toThrow("nobody waits")
  expect(work).not.toHaveBeenCalled()
})

it("is waited for unless its signal aborts, or has", async () => {
  const off = new AbortController()
  expect(await unlessAborted(off.signal, Promise.resolve(7))).toBe(7)
  await vi.waitFor(() => expect(listeners(off.signal)).toBe(0))
  const waited = unlessAborted(off.signal, never)
  off.abort(new Error("off"))
  await expect(waited).rejects.toThrow("off")
  await expect(unlessAborted(off.signal, never)).rejects.toThrow("off")
})
