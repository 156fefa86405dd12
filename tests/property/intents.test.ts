/** Intents, as a law: a change is expected if all of it was said to come; where that was said once, of each machine the first such change of each field is. */
import type { EventData, NewEvent } from "#events/catalog.js"
import { expectationOf } from "#drift/expected.js"
import { type Instant, instant } from "#kernel/clock.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { Views } from "#projections/views.js"
import { often } from "#tests/support/often.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const at = (minute: number): Instant => instant(Date.UTC(2026, 0, 1) + minute * 60_000)
const machines = ["a", "b"] as const
const packages = ["vim", "nginx", "curl"] as const
const anyMachine = fc.constantFrom(...machines)
const anyPackages = fc.uniqueArray(fc.constantFrom(...packages), { minLength: 1 })

const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant("change" as const),
      machine: anyMachine,
      packages: anyPackages,
      by: fc.constantFrom(undefined, "ada"),
      minute: fc.nat(60),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant("said" as const),
      where: fc.option(anyMachine, { nil: undefined }),
      packages: fc.option(anyPackages, { nil: undefined }),
      by: fc.constantFrom(undefined, "ada"),
      from: fc.nat(40),
      lasts: fc.integer({ min: 1, max: 40 }),
      once: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("withdrawn" as const), which: fc.nat() }) },
)

type Said = Extract<typeof anyStep extends fc.Arbitrary<infer S> ? S : never, { is: "said" }>

describe("what was said to come", () => {
  it("is expected when it comes, as a model that keeps a list says", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 30 }), async (steps) => {
        const [ledger, views] = [openSqliteLedger(":memory:"), new Views(":memory:")]
        try {
          let count = 0
          const append = async (stream: string, event: Omit<NewEvent, "observedAt"> & { observedAt?: Instant }) => {
            const name = stream as StreamName
            const whole = { observedAt: at(0), ...event } as NewEvent
            const { position } = await ledger.append(name, await ledger.revisionOf(name), [whole], `step ${count++}`)
            await views.handle(await ledger.readAt([position]))
            return position
          }
          const metadata = { actor: "discovery", source: "here" }
          for (const name of machines) {
            const document = { lifecycle: "observed" as const, identity: { name }, packages: {} }
            const data = { source: "here", nativeKey: name, generation: 0, document }
            await append(`target-${recordId("here", "target", name)}`, { type: "TargetDiscovered", data, metadata })
          }
          let standing: { readonly id: string; readonly said: Said; readonly used: Set<string> }[] = []
          for (const step of steps) {
            if (step.is === "said") {
              const id = recordId("intent", "intent", String(count))
              const data: EventData<"ChangeExpected"> = {
                ...(step.packages && { fields: step.packages.map((name) => `/packages/pkg:${name}`) }),
                ...(step.where && { where: `name:${step.where}` }),
                ...(step.by && { by: step.by }),
                from: at(step.from),
                until: at(step.from + step.lasts),
                once: step.once,
              }
              await append(`intent-${id}`, { type: "ChangeExpected", data, metadata: { actor: "user:ada" } })
              standing.push({ id, said: step, used: new Set() })
            } else if (step.is === "withdrawn") {
              const one = standing[step.which % Math.max(1, standing.length)]
              if (one === undefined) continue
              await append(`intent-${one.id}`, { type: "IntentWithdrawn", data: {}, metadata: { actor: "user:ada" } })
              standing = standing.filter((each) => each !== one)
            } else {
              const patch = step.packages.map((name) => ({
                op: "add" as const,
                path: `/packages/pkg:${name}`,
                value: { version: String(count) },
              }))
              const position = await append(`target-${recordId("here", "target", step.machine)}`, {
                type: "TargetChanged",
                data: { facet: "packages", patch },
                metadata: { ...metadata, ...(step.by && { by: step.by }) },
                observedAt: at(step.minute),
              })
              const expected = step.packages.map((name) => {
                let isExpected = false
                for (const { said, used } of standing) {
                  const matches =
                    (said.where ?? step.machine) === step.machine &&
                    said.packages?.includes(name) !== false &&
                    (said.by ?? step.by) === step.by &&
                    step.minute >= said.from &&
                    step.minute <= said.from + said.lasts
                  const key = `${step.machine} ${name}`
                  if (!matches) continue
                  if (!said.once || !used.has(key)) isExpected = true
                  used.add(key)
                }
                return isExpected
              })
              const [event] = await ledger.readAt([position])
              const told = event && (await expectationOf(views, event))
              expect(told?.is ?? null).toBe(expected.every(Boolean) ? "expected" : null)
            }
          }
        } finally {
          views.close()
          await ledger.close()
        }
      }),
      { numRuns: often(12) },
    ))
})
