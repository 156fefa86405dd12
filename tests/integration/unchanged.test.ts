/** Looks that see what was seen before: what they cost, and what makes them decide again. */
import { type Policy, defaultPolicy } from "#events/policy.js"
import type { Observation } from "#discovery/observation.js"
import { runDiscovery } from "#discovery/run.js"
import { recordId } from "#kernel/ids.js"
import { openFleet } from "#fleet.js"
import { workbench } from "#tests/support/discovery-bench.js"
import { configIn } from "#tests/support/folder-fleet.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

const web: Observation = {
  kind: "target",
  nativeKey: "web",
  facets: { identity: { name: "web" }, os: { kernel: "6.1" }, usage: { memoryPercent: 20 } },
}
const app: Observation = {
  kind: "service",
  nativeKey: "app",
  on: "web",
  facets: { identity: { name: "app" }, state: { status: "running" }, container: { image: "app:1", restarts: 0 } },
}
const [webId, appId] = [recordId("here", "target", "web"), recordId("here", "service", "app")]

const withFacets = (observation: Observation, facets: Observation["facets"]): Observation => ({
  ...observation,
  facets: { ...observation.facets, ...facets },
})

/** Looks of which it is told whose documents they read as a whole. */
async function watchedBench(policy?: Policy) {
  const bench = await workbench(policy)
  const read: number[] = []
  const { inventory } = bench.views
  const watched: typeof inventory = {
    ...inventory,
    document: async (no, at, facets) => {
      if (facets === undefined) read.push(no)
      return inventory.document(no, at, facets)
    },
  }
  const views = new Proxy(bench.views, {
    get: (target, name) => (name === "inventory" ? watched : Reflect.get(target, name)),
  })
  return {
    ...bench,
    /** @returns numbers of the records whose documents were read */
    readBy: async (observations: readonly Observation[], version = "test") => {
      bench.sees(observations)
      bench.clock.advance(5 * 60_000)
      read.length = 0
      await runDiscovery(bench.source, { ...bench.ports, views, version }, bench.request)
      return [...read]
    },
  }
}

describe("a look that sees what the look before saw", () => {
  it("reads no document, whatever was measured, and measures all the same", async () => {
    const { readBy, ops, clock, news } = await watchedBench()
    await readBy([web, app])
    await news()
    expect(await readBy([withFacets(web, { usage: { memoryPercent: 30 } }), app])).toStrictEqual([])
    expect(await news()).toStrictEqual([])
    const measured = await ops.measurements.latest(webId, "/usage/memoryPercent", clock.now(), 9)
    expect(measured.map(({ value }) => value)).toStrictEqual([30, 20])
  })

  it("reads and decides again what is seen otherwise, and that alone", async () => {
    const { readBy, document } = await watchedBench()
    await readBy([web, app])
    expect(await readBy([withFacets(web, { os: { kernel: "6.5" } }), app])).toStrictEqual([1])
    expect(await document(webId)).toMatchObject({ os: { kernel: "6.5" } })
    expect(await readBy([withFacets(web, { os: { kernel: "6.5" } }), app])).toStrictEqual([])
  })

  it("decides again what somebody else wrote to", async () => {
    const { readBy, ledger, document } = await watchedBench()
    await readBy([web, app])
    const name = stream(`target-${webId}`)
    const patch = [{ op: "replace" as const, path: "/os/kernel", value: "made up" }]
    const theirs = { type: "TargetChanged", data: { facet: "os", patch }, metadata, observedAt } as const
    await ledger.append(name, await ledger.revisionOf(name), [theirs], "theirs")
    expect(await readBy([web, app])).toStrictEqual([1])
    expect(await document(webId)).toMatchObject({ os: { kernel: "6.1" } })
  })

  it("decides everything again by another policy, by another program, and when what was remembered is lost", async () => {
    const { readBy, ledger, ops } = await watchedBench()
    await readBy([web, app])
    const policy = { ...defaultPolicy, retireAfterLooks: 9 }
    const adopted = { type: "PolicyAdopted", data: { policy }, metadata, observedAt } as const
    await ledger.append(stream("policy"), 0, [adopted], "adopt another")
    expect(await readBy([web, app])).toStrictEqual([1, 2])
    expect(await readBy([web, app], "a later one")).toStrictEqual([1, 2])
    await ops.decided.forget()
    expect(await readBy([web, app], "a later one")).toStrictEqual([1, 2])
    expect(await readBy([web, app], "a later one")).toStrictEqual([])
  })

  it("decides again what an engine restarted, and what flaps, until it has settled", async () => {
    const { readBy, document } = await watchedBench()
    const restarted = (restarts: number) => withFacets(app, { container: { image: "app:1", restarts } })
    await readBy([web, app])
    for (const restarts of [1, 2, 3, 4]) expect(await readBy([web, restarted(restarts)])).toStrictEqual([2])
    expect(await document(appId)).toMatchObject({ flapping: true })
    for (let looks = 0; looks < 6; looks++) expect(await readBy([web, restarted(4)])).toStrictEqual([2])
    expect(await document(appId)).not.toHaveProperty("flapping")
    expect(await readBy([web, restarted(4)])).toStrictEqual([])
  })
})

describe("views that are made anew", () => {
  it("are what everything is decided by again", async () => {
    const folder = await tempFolder()
    const config = configIn(folder)
    const kept = { record: webId, revision: 0, digest: Buffer.alloc(32) }
    const fleet = await openFleet(config, new TestClock())
    await fleet.ops.decided.keep([kept])
    await fleet.rebuild(() => {}, new AbortController().signal)
    expect(await fleet.ops.decided.revision(webId, kept.digest)).toBeUndefined()
    await fleet.ops.decided.keep([kept])
    await fleet.close()
    const again = await openFleet(config, new TestClock())
    expect(await again.ops.decided.revision(webId, kept.digest)).toBe(0)
    await again.close()
  })
})
