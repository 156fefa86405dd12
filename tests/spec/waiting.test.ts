/** Whoever waits is woken in time, and long work lets others have their turn. */
import { inBatches } from "#kernel/batches.js"
import { inTurns } from "#kernel/in-turns.js"
import { sleep } from "#kernel/sleep.js"
import { getEventListeners } from "node:events"
import { describe, expect, it, onTestFinished, vi } from "vitest"

const day = 86_400_000
const ever = 2 ** 31 - 1

describe("sleep", () => {
  it("is over after its time, and leaves nobody who listens", async () => {
    const { signal } = new AbortController()
    const began = performance.now()
    await sleep(20, signal)
    expect(performance.now() - began).toBeGreaterThan(15)
    expect(getEventListeners(signal, "abort")).toHaveLength(0)
  })

  it("is over after its time also where no timer of Node lasts that long", async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const ending = new AbortController()
    let over = 0
    for (const signal of [new AbortController().signal, ending.signal])
      void sleep(60 * day, signal).then(() => (over += 1))
    // In one go: whatever else goes on in this process would take its place among the days.
    const pass = async (ms: number) => {
      vi.advanceTimersByTime(ms)
      await Promise.resolve()
      await Promise.resolve()
    }
    await pass(59 * day)
    expect(over).toBe(0)
    ending.abort()
    await pass(day - 1)
    expect(over).toBe(1)
    await pass(1)
    expect([over, vi.getTimerCount()]).toEqual([2, 0])
  })

  it("is over at once when it is ended, and does not begin when it has been", async () => {
    const ending = new AbortController()
    const slept = sleep(ever, ending.signal)
    ending.abort()
    await slept
    await sleep(ever, ending.signal)
    expect(getEventListeners(ending.signal, "abort")).toHaveLength(0)
  })

  it("keeps no timer running once it was ended", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length
    const [before, ending] = [timers(), new AbortController()]
    const slept = sleep(ever, ending.signal)
    expect(timers()).toBe(before + 1)
    ending.abort()
    await slept
    expect(timers()).toBe(before)
  })
})

/** How often others had their turn while the work went on. */
async function turnsDuring(work: () => Promise<void>): Promise<number> {
  let [turns, done] = [0, false]
  const turn = () => {
    turns += 1
    if (!done) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  done = true
  return turns
}

function busy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

describe("long work in turns", () => {
  it("lets others in once a turn has lasted, and not before", async () => {
    expect(
      await turnsDuring(async () => {
        const turn = inTurns()
        for (let step = 0; step < 100; step++) await turn()
      }),
    ).toBe(0)
    const turns = await turnsDuring(async () => {
      const turn = inTurns()
      for (let step = 0; step < 5; step++) {
        busy(20)
        await turn()
        await turn()
      }
    })
    expect(turns).toBe(5)
  })
})

describe("work in batches", () => {
  const batchesOf = async (items: readonly number[], size: number) => {
    const all: (readonly number[])[] = []
    const turns = await turnsDuring(async () => {
      for await (const batch of inBatches(items, size)) all.push(batch)
    })
    return { all, turns }
  }

  it("is everything in its order, and lets others in between two of them", async () => {
    expect(await batchesOf([1, 2, 3, 4, 5], 2)).toStrictEqual({ all: [[1, 2], [3, 4], [5]], turns: 2 })
    expect(await batchesOf([1, 2], 2)).toStrictEqual({ all: [[1, 2]], turns: 0 })
    expect(await batchesOf([], 2)).toStrictEqual({ all: [], turns: 0 })
  })
})
