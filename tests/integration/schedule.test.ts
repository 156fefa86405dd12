/** When sources are looked at: told by what the schedule waits for, with looks that the test prepares. */
import type { Discovery } from "#discovery/discovery.js"
import type { Source } from "#discovery/observation.js"
import type { RunReport } from "#discovery/run.js"
import { type ScheduleRules, schedule } from "#discovery/schedule.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

const minute = 60_000

/** A schedule of one source whose looks end as `outcomes` says, one after the other; its waits end when the test says. */
function scheduled(
  outcomes: ("completed" | "failed" | "broken")[],
  { random = 0.5, changes }: { random?: number; changes?: Source["changes"] } = {},
) {
  const waits: number[] = []
  let looks = 0
  let wake = () => {}
  const source = { name: "nas", kind: "scripted", ...(changes && { changes }) } as unknown as Source
  const discovery = {
    sources: [source],
    async look() {
      const outcome = outcomes[looks++] ?? "completed"
      if (outcome === "broken") throw new Error("the ledger is full")
      return { outcome } as RunReport
    },
  } as unknown as Discovery
  const rules: ScheduleRules = {
    every: () => 5 * minute,
    isOurs: () => true,
    random: () => random,
    sleep: (ms, signal) => {
      waits.push(ms)
      return new Promise((resolve) => {
        wake = resolve
        signal.addEventListener("abort", () => resolve(), { once: true })
        if (signal.aborted) resolve()
      })
    },
  }
  const running = schedule(discovery, rules, { finished: () => {}, broken: () => {} })
  onTestFinished(() => running.stop())
  const afterLooks = async (count: number) => {
    for (let seen = 1; seen < count; seen++) {
      await until(() => waits.length === seen)
      wake()
    }
    await until(() => waits.length === count)
    return waits
  }
  return { afterLooks, waits, looks: () => looks }
}

describe("a schedule", () => {
  it("looks at once, and again when the time has come", async () => {
    const { afterLooks } = scheduled([])
    expect(await afterLooks(3)).toStrictEqual([5 * minute, 5 * minute, 5 * minute])
  })

  it("does not keep step: each wait is up to a tenth shorter or longer", async () => {
    expect(await scheduled([], { random: 0 }).afterLooks(1)).toStrictEqual([4.5 * minute])
    expect(await scheduled([], { random: 1 }).afterLooks(1)).toStrictEqual([5.5 * minute])
  })

  it("looks less and less often at what fails, once an hour at least, and as before when it answers again", async () => {
    const failing = ["failed", "broken", "failed", "failed", "failed"] as const
    const waits = await scheduled([...failing, "completed"]).afterLooks(6)
    expect(waits.map((ms) => ms / minute)).toStrictEqual([10, 20, 40, 60, 60, 5])
  })

  it("looks as soon as the source says that something changed", async () => {
    let tell = () => {}
    const told = new Promise<void>((resolve) => (tell = resolve))
    async function* changes() {
      await told
      yield "something"
    }
    const { waits, looks } = scheduled([], { changes })
    await until(() => waits.length === 1)
    tell()
    await until(() => waits.length === 2)
    expect(looks()).toBe(2)
  })

  it("goes on when a source can't be followed", async () => {
    // oxlint-disable-next-line require-yield
    async function* changes(): AsyncGenerator<never> {
      throw new Error("no event stream")
    }
    const { afterLooks } = scheduled([], { changes })
    expect(await afterLooks(2)).toHaveLength(2)
  })
})
