/** A service whose state keeps changing: how many events it makes, and what is true of it meanwhile and afterwards. */
import type { RecordedEvent } from "#events/catalog.js"
import { type Policy, defaultPolicy } from "#events/policy.js"
import type { Observation } from "#discovery/observation.js"
import { runDiscovery } from "#discovery/run.js"
import { recordId } from "#kernel/ids.js"
import { minute, workbench } from "#tests/support/discovery-bench.js"
import { describe, expect, it } from "vitest"

const host: Observation = { kind: "target", nativeKey: "docker", facets: { identity: { name: "docker" } } }
const id = recordId("here", "service", "app")
const restartsMetric = "/container/restarts"

const container = (status: string, restarts = 0, image = "app:1"): Observation => ({
  kind: "service",
  nativeKey: "app",
  on: "docker",
  facets: { identity: { name: "app", runtime: "docker" }, state: { status }, container: { image, restarts } },
})

async function flappingBench(policy = defaultPolicy) {
  const bench = await workbench(policy)
  const { sees, source, ports, request, clock, news } = bench
  return {
    ...bench,
    lookAfter: async (ms: number, ...seen: readonly Observation[]) => {
      sees([host, ...seen])
      clock.advance(ms)
      await runDiscovery(source, ports, request)
    },
    /** What happened to the service since this was last asked. */
    told: async () => (await news()).filter(({ stream }) => stream === `service-${id}`),
  }
}

const dataOf = (events: readonly RecordedEvent[]) => events.map(({ type, data }) => ({ type, data }))

describe.each([
  ["every 10 s", 10_000],
  ["every 5 min", 5 * minute],
])("a container that flaps for an hour, looked at %s", (_, every) => {
  it("makes a handful of events; gauges stay fresh, and its true state is there when it has settled", async () => {
    const { lookAfter, told, document, ops, clock } = await flappingBench()
    await lookAfter(every, container("running"))
    const looks = (60 * minute) / every
    for (let look = 1; look <= looks; look++) {
      await lookAfter(every, container(look % 2 === 0 ? "running" : "failed", look))
      const [gauge] = await ops.measurements.latest(id, restartsMetric, clock.now(), 1)
      expect(gauge).toStrictEqual({ at: clock.now(), value: look })
    }
    const { changes } = defaultPolicy.flapping
    expect(dataOf(await told()).slice(1)).toStrictEqual([
      { type: "ServiceStateChanged", data: { from: "running", to: "failed" } },
      { type: "ServiceStateChanged", data: { from: "failed", to: "running" } },
      { type: "ServiceStateChanged", data: { from: "running", to: "failed" } },
      { type: "ServiceFlappingStarted", data: { from: "failed", changes, withinMs: (changes - 1) * every } },
    ])
    expect(await document(id)).toMatchObject({ flapping: true, state: { status: "unknown" } })
    const calm = defaultPolicy.flapping.settledMs / (5 * minute)
    for (let look = 1; look < calm; look++) await lookAfter(5 * minute, container("running", looks))
    expect(await told()).toStrictEqual([])
    await lookAfter(5 * minute, container("running", looks))
    expect(dataOf(await told())).toStrictEqual([
      { type: "ServiceFlappingEnded", data: { count: looks - changes, status: "running" } },
    ])
    expect(await document(id)).toMatchObject({ state: { status: "running" } })
    expect(await document(id)).not.toHaveProperty("flapping")
  })
})

describe("a service that flaps", () => {
  const begins = async () => {
    const bench = await flappingBench()
    await bench.lookAfter(minute, container("running"))
    for (const status of ["failed", "running", "failed", "running"]) await bench.lookAfter(minute, container(status))
    await bench.told()
    return bench
  }

  it("is told of in everything else as ever", async () => {
    const { lookAfter, told } = await begins()
    await lookAfter(minute, container("failed", 0, "app:2"))
    expect(await told()).toMatchObject([{ type: "ServiceChanged", data: { facet: "container" } }])
  })

  it("settles in another state than it was in before", async () => {
    const { lookAfter, told, document } = await begins()
    await lookAfter(minute, container("stopped"))
    await lookAfter(30 * minute, container("stopped"))
    expect(dataOf(await told())).toStrictEqual([
      { type: "ServiceFlappingEnded", data: { count: 1, status: "stopped" } },
    ])
    await lookAfter(minute, container("running"))
    expect(dataOf(await told())).toStrictEqual([
      { type: "ServiceStateChanged", data: { from: "stopped", to: "running" } },
    ])
    expect(await document(id)).toMatchObject({ state: { status: "running" } })
  })

  it("and is not found any more is stopped, and retired, when it has not been there for as long", async () => {
    const { lookAfter, told, document } = await begins()
    for (let look = 0; look < 6; look++) await lookAfter(5 * minute)
    expect(await told()).toStrictEqual([])
    await lookAfter(5 * minute)
    expect(dataOf(await told())).toStrictEqual([
      { type: "ServiceFlappingEnded", data: { count: 1, status: "stopped" } },
      { type: "ServiceRetired", data: { from: "observed" } },
    ])
    expect(await document(id)).toMatchObject({ lifecycle: "retired", state: { status: "stopped" } })
  })

  it("settles later where what was counted is lost", async () => {
    const { lookAfter, told, ops } = await begins()
    await lookAfter(29 * minute, container("running"))
    await ops.stateChanges.forget(id)
    await lookAfter(29 * minute, container("running"))
    expect(await told()).toStrictEqual([])
    await lookAfter(30 * minute, container("running"))
    expect(dataOf(await told())).toStrictEqual([
      { type: "ServiceFlappingEnded", data: { count: 0, status: "running" } },
    ])
  })
})

describe("flapping begins", () => {
  it("with services that come and go between looks, too", async () => {
    const { lookAfter, told } = await flappingBench()
    await lookAfter(minute, container("running"))
    for (let look = 0; look < 50; look++) await lookAfter(minute, ...(look % 2 === 0 ? [] : [container("running")]))
    expect((await told()).map(({ type }) => type)).toStrictEqual([
      "ServiceDiscovered",
      "ServiceStateChanged",
      "ServiceStateChanged",
      "ServiceStateChanged",
      "ServiceFlappingStarted",
    ])
  })

  it("by the defaults under a policy that was adopted before there was any such thing", async () => {
    const { flapping: _, roles: __, tags: ___, ...older } = defaultPolicy
    const { lookAfter, told } = await flappingBench(older as Policy)
    for (let look = 0; look < 9; look++) await lookAfter(minute, container(look % 2 === 0 ? "running" : "failed"))
    expect((await told()).at(-1)).toMatchObject({ type: "ServiceFlappingStarted", data: { changes: 4 } })
  })

  it("with restarts that the engine counted between looks that found the same state", async () => {
    const { lookAfter, told } = await flappingBench()
    for (const restarts of [0, 1, 3]) await lookAfter(5 * minute, container("failed", restarts))
    expect((await told()).map(({ type }) => type)).toStrictEqual(["ServiceDiscovered"])
    await lookAfter(5 * minute, container("failed", 4))
    expect(dataOf(await told())).toStrictEqual([
      { type: "ServiceFlappingStarted", data: { from: "failed", changes: 4, withinMs: 10 * minute } },
    ])
  })

  it("not with changes that are too far apart, nor with a counter that begins anew", async () => {
    const { lookAfter, told } = await flappingBench()
    await lookAfter(minute, container("running", 9))
    for (let look = 0; look < 12; look++)
      await lookAfter(20 * minute, container(look % 2 === 0 ? "failed" : "running", 0))
    expect(new Set((await told()).map(({ type }) => type))).toStrictEqual(
      new Set(["ServiceDiscovered", "ServiceStateChanged"]),
    )
  })
})
