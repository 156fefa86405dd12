/**
 * Whatever a process that handles events is killed in the midst of, and however often: in the end the ledger holds what each event brings about exactly
 * once, and every event is either handled or a dead letter with one alert.
 */
import type { RecordedEvent } from "#events/catalog.js"
import { contentId } from "#kernel/ids.js"
import { type Position, origin } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { type Ops, openOps } from "#ops/ops.js"
import type { Effect, Handler } from "#subscriptions/handler.js"
import { Handling, type HandlingPorts } from "#subscriptions/handling.js"
import { often } from "#tests/support/often.js"
import { carried, changed, stream } from "#tests/support/sample-events.js"
import { TestClock } from "#tests/support/test-clock.js"
import { TestTimings } from "#tests/support/test-timings.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const inMemory = ":memory:"
const forever = new AbortController().signal

/** What the handler makes of an event. */
interface Plan {
  readonly effects: number
  /** How often in the life of the ledger it fails after each effect; "always" is poison. */
  readonly fails: number | "always"
}

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  effects: fc.integer({ min: 0, max: 3 }),
  fails: fc.constantFrom(0, 0, 1, 2, "always" as const),
})
/** Steps after which one process after the other is killed. */
const anyKills = fc.array(fc.nat({ max: 25 }), { maxLength: 4 })

const title = (position: number, index: number) => `${position}/${index}`

function alert(position: Position, index: number): Effect {
  const about = { kind: "source", name: "here" } as const
  const data = { rule: "test", severity: "warning", title: title(position, index), about, cause: position } as const
  return { alert: contentId(title(position, index)), event: { type: "AlertRaised", data } }
}

/** Does as planned, whichever process asks. @param waits for what it appends */
function handlerOf(plans: readonly Plan[], waits: boolean): Handler {
  const failures = new Map<Position, number>()
  return {
    name: "planned",
    types: ["TargetChanged"],
    ...(waits ? {} : { onlyAppends: true }),
    async handle(event, { append }) {
      const { effects, fails } = plans[Number(carried(event))] as Plan
      for (let index = 0; index < effects; index++) {
        const appended = append(alert(event.position, index))
        if (waits) await appended
        else appended.catch(() => undefined)
      }
      const failed = failures.get(event.position) ?? 0
      if (fails !== "always" && failed >= fails) return
      failures.set(event.position, failed + 1)
      throw new Error("as planned")
    },
  }
}

class Killed extends Error {}

/** The ports of a process that is killed at a step: each write is one before it is done and one after. Nothing works any more then. */
function mortal(ledger: Ledger, ops: Ops, clock: TestClock, killedAt: number): HandlingPorts {
  let step = 0
  const survive = () => {
    if (step++ >= killedAt) throw new Killed()
  }
  const wrapped = <T extends object>(port: T, writes: readonly (keyof T)[]): T =>
    new Proxy(port, {
      get(target, name) {
        const method = Reflect.get(target, name) as (...args: unknown[]) => unknown
        const bound = method.bind(target)
        if (!writes.includes(name as keyof T)) return bound
        return async (...args: unknown[]) => {
          survive()
          const result = await bound(...args)
          survive()
          return result
        }
      },
    })
  return {
    ledger: wrapped(ledger, ["append"]),
    ops: {
      checkpoints: wrapped(ops.checkpoints, ["move"]),
      deadLetters: wrapped(ops.deadLetters, ["park", "settle"]),
    },
    clock,
    timings: new TestTimings(),
  }
}

/** Handles batch by batch up to the end of what there was to handle. @returns whether it was killed */
async function work(handling: Handling, ledger: Ledger, upTo: Position): Promise<boolean> {
  try {
    while (handling.checkpoint() < upTo) {
      await handling.handle(await ledger.readAll({ after: handling.checkpoint(), upTo, limit: 4 }), forever)
    }
    return false
  } catch (error) {
    if (error instanceof Killed) return true
    throw error
  }
}

async function world(plans: readonly Plan[], waits = true) {
  const clock = new TestClock()
  const [ledger, ops] = [openSqliteLedger(inMemory, clock), openOps(inMemory, clock)]
  await ops.checkpoints.enrol("planned")
  const { position } = await ledger.append(
    stream("target-1"),
    noStream,
    plans.map((_, index) => changed(index)),
    "plan",
  )
  const handler = handlerOf(plans, waits)
  const process = (killedAt = Infinity) =>
    work(new Handling(handler, mortal(ledger, ops, clock, killedAt)), ledger, position)
  const close = async () => {
    ops.close()
    await ledger.close()
  }
  const alerts = async () =>
    (await ledger.readAll({ after: position, limit: 10_000 })).filter((event) => event.type === "AlertRaised")
  return { ops, position, process, alerts, close }
}

type Alert = RecordedEvent & { readonly type: "AlertRaised" }
const ofRule = (alerts: readonly Alert[], rule: string) => alerts.filter(({ data }) => data.rule === rule)

async function isInOrder(plans: readonly Plan[], { ops, position, alerts }: Awaited<ReturnType<typeof world>>) {
  const raised = await alerts()
  const wanted = plans.flatMap(({ effects }, at) => Array.from({ length: effects }, (_, index) => title(at, index)))
  expect(
    ofRule(raised, "test")
      .map(({ data }) => data.title)
      .sort(),
  ).toStrictEqual(wanted.sort())
  const poison = plans.flatMap(({ fails }, at) => (fails === "always" ? [at] : []))
  const letters = await ops.deadLetters.page({ position: origin, id: "" }, 100)
  expect(letters.map((letter) => letter.position)).toStrictEqual(poison)
  expect(
    ofRule(raised, "dead-letter")
      .map(({ data }) => data.cause)
      .sort((a, b) => a - b),
  ).toStrictEqual(poison)
  expect(ops.checkpoints.of("planned")).toBe(position)
}

describe("handling", () => {
  it("counts once in effect, wherever and however often it is killed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyPlan, { minLength: 1, maxLength: 9 }),
        anyKills,
        fc.boolean(),
        async (plans, kills, waits) => {
          const fleet = await world(plans, waits)
          try {
            for (const killedAt of kills) await fleet.process(killedAt)
            expect(await fleet.process()).toBe(false)
            await isInOrder(plans, fleet)
          } finally {
            await fleet.close()
          }
        },
      ),
      { numRuns: often(50) },
    )
  })

  it("does so at every single step of handling each kind of event", async () => {
    const plans: readonly Plan[] = [
      { effects: 2, fails: 0 },
      { effects: 1, fails: "always" },
      { effects: 1, fails: 2 },
      { effects: 0, fails: 0 },
    ]
    let killed = true
    let killedAt = 0
    for (; killed; killedAt++) {
      const fleet = await world(plans)
      killed = await fleet.process(killedAt)
      await fleet.process()
      await isInOrder(plans, fleet)
      await fleet.close()
    }
    // Each event moves the checkpoint; the effects, the letter and its alert are writes of their own.
    expect(killedAt).toBeGreaterThan(25)
  })
})
