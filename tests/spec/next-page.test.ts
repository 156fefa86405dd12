/** What was paged through last is kept for its next page, a minute long. */
import type { ViewsReader } from "#projections/views.js"
import { keepForNextPage, keptFor } from "#timeline/recent.js"
import { beforeEach, expect, it, vi } from "vitest"

const views = () => ({ inventory: {} }) as ViewsReader

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

it("is kept of the last question, of the views that it was asked of", () => {
  const [here, there] = [views(), views()]
  const [first, second] = [{}, {}]
  keepForNextPage(here, "a", first)
  expect([keptFor(here, "a"), keptFor(here, "b"), keptFor(there, "a")]).toStrictEqual([first, undefined, undefined])
  keepForNextPage(here, "b", second)
  expect([keptFor(here, "a"), keptFor(here, "b")]).toStrictEqual([undefined, second])
})

it("is forgotten after a minute in which nobody paged on", () => {
  const here = views()
  keepForNextPage(here, "a", {})
  vi.advanceTimersByTime(40_000)
  keepForNextPage(here, "a", {})
  vi.advanceTimersByTime(59_999)
  expect(keptFor(here, "a")).toBeDefined()
  vi.advanceTimersByTime(1)
  expect(keptFor(here, "a")).toBeUndefined()
})
