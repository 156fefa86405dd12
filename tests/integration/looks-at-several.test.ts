/** Looks that are asked for together: what one comes to says nothing of the others. */
import type { Observation, Source } from "#discovery/observation.js"
import { openFleet } from "#fleet.js"
import { discover } from "#operations/discover.js"
import { asker } from "#tests/support/asker.js"
import { configIn } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { expect, it, onTestFinished } from "vitest"

const clock = new TestClock()

/** Sees one machine. */
function seeing(name: string, kernel: string): Source {
  const machine: Observation = {
    kind: "target",
    nativeKey: name,
    facets: { identity: { name }, os: { kernel } },
  }
  return {
    name,
    kind: "file",
    look: async () => ({
      observedAt: clock.now(),
      observations: [machine],
      coverage: {
        rights: "root",
        looked: { identity: true, os: true },
        notLooked: {},
        complete: { target: true, service: true },
      },
    }),
  }
}

/** Longer than any kernel is called: no event can hold it. */
const unheardOf = "x".repeat(5_000)

async function fleetOf(...sources: readonly Source[]) {
  const fleet = await openFleet(configIn(await tempFolder()), clock, { sources })
  onTestFinished(() => fleet.close())
  return { fleet, ask: asker<{ runs: object[]; items: { name: string }[] }>(fleet) }
}

it("stand, though one of them cannot be recorded: that one says why", async () => {
  const { ask } = await fleetOf(seeing("web", "6.1.0"), seeing("lab", unheardOf), seeing("nas", "6.1.0"))
  const { runs } = await ask("discover")
  expect(runs).toMatchObject([
    { source: "web", outcome: "completed", changes: 1 },
    {
      source: "lab",
      runId: null,
      outcome: "failed",
      message: expect.stringMatching(/os\/kernel.*; what was recorded of it until then stands$/) as string,
    },
    { source: "nas", outcome: "completed", changes: 1 },
  ])
  expect((await ask("targets")).items.map(({ name }) => name)).toStrictEqual(["nas", "web"])
})

it("are refused as they were where none of them could be recorded", async () => {
  const { ask } = await fleetOf(seeing("lab", unheardOf), seeing("web", unheardOf))
  for (const input of [{}, { source: "lab" }])
    expect((await refusalOf(() => ask("discover", input))).code).toBe("SchemaViolation")
})

it("are all of them cancelled by whoever asked for them", async () => {
  const abort = new AbortController()
  const slow: Source = {
    ...seeing("slow", "6.1.0"),
    look: (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error))
        abort.abort()
      }),
  }
  const { fleet } = await fleetOf(seeing("web", "6.1.0"), slow)
  const principal = { name: "user:ada", scope: "admin" as const }
  const call = { fleet, principal, signal: abort.signal, progress: () => {} }
  expect((await refusalOf(() => discover.run(call, { acceptAbsence: false }))).code).toBe("Cancelled")
})
