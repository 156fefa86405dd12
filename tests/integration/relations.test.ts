/** What entities have to do with others, as of a point. */
import type { Observation } from "#discovery/observation.js"
import { recordId } from "#kernel/ids.js"
import { relationsOf } from "#timeline/relations.js"
import { workbench } from "#tests/support/discovery-bench.js"
import { expect, it } from "vitest"

const host: Observation = {
  kind: "target",
  nativeKey: "node/pve-1",
  facets: { identity: { name: "pve-1" }, hypervisor: { cluster: "lab", status: "online" } },
}
const guest: Observation = {
  kind: "target",
  nativeKey: "qemu/100",
  facets: { identity: { name: "shop" }, guest: { kind: "qemu", cluster: "lab", vmid: 100, node: "pve-1" } },
}
const stack: Observation = {
  kind: "stack",
  nativeKey: "shop",
  on: "qemu/100",
  facets: { identity: { name: "shop", runtime: "compose" } },
}
const service = (name: string, ...awaited: string[]): Observation => ({
  kind: "service",
  nativeKey: `shop/${name}`,
  on: "qemu/100",
  facets: {
    identity: { name: `shop-${name}-1`, runtime: "docker" },
    config: {
      stack: "shop",
      stackService: name,
      dependsOn: Object.fromEntries(awaited.map((one) => [`service:${one}`, { condition: "service_started" }])),
    },
    state: { status: "running" },
  },
})

it("are told from either side, and as they were", async () => {
  const { sees, look, views, ledger } = await workbench()
  sees([host, guest, stack, service("db"), service("api", "db")])
  await look()
  const { position: before } = await ledger.head()
  const moved = {
    ...guest,
    facets: { ...guest.facets, guest: { kind: "qemu", cluster: "lab", vmid: 100, node: "pve-2" } },
  }
  sees([
    host,
    { ...host, nativeKey: "node/pve-2", facets: { ...host.facets, identity: { name: "pve-2" } } },
    moved,
    stack,
    service("db"),
    service("api", "db"),
  ])
  const { position: after } = await look()
  const of = async (kind: "target" | "service" | "stack", nativeKey: string, at = after) => {
    const record = await views.inventory.record(recordId("here", kind, nativeKey))
    if (record === undefined) throw new Error(`no ${kind} ${nativeKey}`)
    return (await relationsOf(views, record, at)).map(({ relation, entity }) => `${relation} ${entity.name}`)
  }
  expect(await of("target", "qemu/100", before)).toStrictEqual([
    "on pve-1",
    "host of shop",
    "host of shop-api-1",
    "host of shop-db-1",
  ])
  expect((await of("target", "qemu/100"))[0]).toBe("on pve-2")
  expect(await of("target", "node/pve-1", before)).toStrictEqual(["host of shop"])
  expect(await of("target", "node/pve-1")).toStrictEqual([])
  expect(await of("service", "shop/api")).toStrictEqual(["on shop", "part of shop", "waits for shop-db-1"])
  expect(await of("service", "shop/db")).toStrictEqual(["on shop", "part of shop", "waited for by shop-api-1"])
  expect(await of("stack", "shop")).toStrictEqual(["on shop", "made of shop-api-1", "made of shop-db-1"])
})
