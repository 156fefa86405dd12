/** A stretch of time that begins behind its end has nothing in it: whoever asks for one is told so, and is not answered as if nothing had happened. */
import type { Fleet } from "#fleet.js"
import type { Clock, Instant } from "#kernel/clock.js"
import { epochMs, instant } from "#kernel/clock.js"
import { invoke, read } from "#operations/invoke.js"
import { operations } from "#operations/registry.js"
import { addHost, changeKernel, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

const day = 86_400_000

type Answer = Record<string, unknown> & { items: Record<string, unknown>[]; next: string | null }

function asker(fleet: Fleet) {
  const principal = { name: "user:ada", scope: "admin" as const }
  const call = { fleet, principal, signal: new AbortController().signal, progress: () => {} }
  return async (name: string, input: Record<string, unknown>): Promise<Answer> => {
    const operation = operations.find((one) => one.name === name)
    if (operation === undefined || operation.kind === "stream") throw new Error(`no operation ${name}`)
    return (await (operation.kind === "text" ? read : invoke)(operation as never, call, input)) as Answer
  }
}

/** Ten days, of which each brought a change. */
async function tenDays() {
  const clock = new TestClock()
  const fleet = await scriptedFleet(clock)
  const nas = await addHost(fleet, "nas")
  for (let n = 1; n <= 10; n++) {
    clock.advance(day)
    await changeKernel(fleet, nas, n === 1 ? "6.1.0" : `6.1.${n - 1}`, `6.1.${n}`)
  }
  return { fleet, clock, ask: asker(fleet) }
}

const ofPeriods: readonly [string, Record<string, string>][] = [
  ["history", {}],
  ["history", { entity: "nas" }],
  ["noise", {}],
  ["access", {}],
  ["measurements", { entity: "nas" }],
  ["report", { kind: "changes" }],
  ["evidence", {}],
]

describe("a beginning behind the point that is asked at", () => {
  it.each(ofPeriods)("is refused by %s %j, with what to do", async (name, input) => {
    const { ask } = await tenDays()
    const { code, message } = await refusalOf(() => ask(name, { ...input, since: "-1d", at: "-7d" }))
    expect([code, message]).toStrictEqual([
      "InvalidInput",
      '"since" (2026-12-02T14:00:00.000Z, position 10) lies behind the point that is asked at (2026-11-26T14:00:00.000Z, position 4): give an earlier one, or a later "at"',
    ])
  })

  it.each([
    [{ from: "-1d", at: "-7d" }, '"from"'],
    [{ from: "-9d", to: "-1d", at: "-7d" }, '"to"'],
  ])("is refused by density %j, as is an end there", async (input, which) => {
    const { ask } = await tenDays()
    const { code, message } = await refusalOf(() => ask("density", input))
    expect([code, message]).toStrictEqual([
      "InvalidInput",
      `${which} (2026-12-02T14:00:00.000Z, position 10) lies behind the point that is asked at (2026-11-26T14:00:00.000Z, position 4): give an earlier one, or a later "at"`,
    ])
  })

  it("is none where it is that point", async () => {
    const { ask } = await tenDays()
    for (const since of ["-7d", "position:4"])
      expect((await ask("history", { since, at: "-7d" })).items).toStrictEqual([])
  })

  it("is one where nothing happened in between, too", async () => {
    const { ask, clock } = await tenDays()
    clock.advance(day)
    expect((await refusalOf(() => ask("history", { since: "-1h", at: "-2h" }))).code).toBe("InvalidInput")
  })

  it.each(ofPeriods.filter(([name]) => name !== "evidence"))(
    "is none where now went on while %s %j was answered",
    async (name, input) => {
      const { fleet, clock } = await tenDays()
      /** Each time that it is read, a minute has passed. */
      const passing: Clock = {
        now: (): Instant => {
          clock.advance(60_000)
          return instant(epochMs(clock.now()))
        },
      }
      const ask = asker(Object.create(fleet, { clock: { value: passing } }) as Fleet)
      for (const at of [undefined, "now"]) {
        const asked = { ...input, since: "-1s", ...(at === undefined ? {} : { at }) }
        await expect(ask(name, asked)).resolves.toMatchObject({})
      }
      await expect(ask("density", { from: "-1s" })).resolves.toMatchObject({})
    },
  )
})

const orders = [
  ["history", "since", "until"],
  ["density", "from", "to"],
  ["backtest", "from", "to"],
] as const

describe("a stretch that ends before it begins", () => {
  it("is refused, with what to do", async () => {
    const { ask } = await tenDays()
    const range = "(2026-12-02T14:00:00.000Z, position 10)"
    const end = "(2026-11-26T14:00:00.000Z, position 4)"
    for (const [name, first, last] of orders) {
      const { code, message } = await refusalOf(() => ask(name, { [first]: "-1d", [last]: "-7d" }))
      expect([code, message]).toStrictEqual([
        "InvalidInput",
        `"${first}" ${range} lies behind "${last}" ${end}: give the earlier one first`,
      ])
    }
  })

  it("is refused where nothing happened in between, too", async () => {
    const { ask, clock } = await tenDays()
    clock.advance(day)
    for (const [name, first, last] of orders)
      expect((await refusalOf(() => ask(name, { [first]: "-1h", [last]: "-2h" }))).code).toBe("InvalidInput")
  })
})

it("pages of a history keep to the beginning and the end of the first, however late they are asked for", async () => {
  const { ask, clock } = await tenDays()
  const asked = { since: "-3d", until: "-1h", limit: 1 }
  clock.advance(day / 2)
  const positions: unknown[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await ask("history", { ...asked, ...(cursor !== undefined && { cursor }) })
    positions.push(...page.items.map(({ position }) => position))
    cursor = page.next
    clock.advance(day)
  }
  expect(positions).toStrictEqual([11, 10, 9])
})

it("a rule is tried on all there is where it begins before the ledger does", async () => {
  const { ask } = await tenDays()
  const [begun, all] = [await ask("backtest", { from: "-30d" }), await ask("backtest", {})]
  expect(begun).toStrictEqual({ ...all, from: begun["from"] })
})
