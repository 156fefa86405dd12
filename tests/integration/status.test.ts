/** How sources are doing, as of their last looks. */
import type { StreamName } from "#kernel/ids.js"
import { asker } from "#tests/support/asker.js"
import { payloads } from "#tests/support/sample-events.js"
import { scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

interface Status {
  readonly sources: readonly { readonly name: string; readonly run: object | null; readonly failures: number }[]
}

describe("the last look of a source", () => {
  it("says how many machines it could not look at, and names as many of them as are wanted", async () => {
    const fleet = await scriptedFleet(new TestClock())
    const failed = ["a", "b", "c"].map((target) => ({ target, code: "SourceUnavailable", message: `${target} is off` }))
    const { DiscoveryCompleted: complete } = payloads
    const data = { ...complete, coverage: { ...complete.coverage, failed } }
    const metadata = { actor: "discovery", source: complete.source }
    const observedAt = fleet.clock.now()
    const stream = `source-${complete.source}` as StreamName
    const look = { type: "DiscoveryCompleted", data, metadata, observedAt } as const
    const { position } = await fleet.ledger.append(stream, await fleet.ledger.revisionOf(stream), [look], "look")
    await fleet.reached(position)
    const ask = asker<Status>(fleet)
    const told = async (input: object) => (await ask("status", { ...input })).sources.find(({ run }) => run !== null)
    expect(await told({})).toMatchObject({ failures: 3, run: { coverage: { failed } } })
    expect(await told({ failures: 1 })).toMatchObject({ failures: 3, run: { coverage: { failed: [failed[0]] } } })
    expect(await told({ failures: 0 })).toMatchObject({ failures: 3, run: { coverage: { failed: [] } } })
  })
})
