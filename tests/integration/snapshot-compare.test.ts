/** What became of a fleet since a snapshot: counted, weighed by what was lost, and with what got better. */
import { tableOf } from "#cli/tables.js"
import type { FleetEvent } from "#events/catalog.js"
import type { ServiceDocument, ServiceStatus } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"
import { defaultPolicy } from "#events/policy.js"
import type { Fleet } from "#fleet.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { asker } from "#tests/support/asker.js"
import { metadata, observedAt } from "#tests/support/sample-events.js"
import { addHost, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { expect, it } from "vitest"

interface Named {
  readonly entity: { readonly kind: string; readonly name: string }
}
interface Comparison {
  readonly summary: Record<string, object>
  readonly health: Record<string, unknown>
  readonly criticalChanges: { count: number; items: (Named & { loss: string; dependants: number; weight: number })[] }
  readonly potentialIssues: { count: number; items: (Named & { reasons: string[] })[] }
  readonly improvements: { count: number; items: Named[] }
}

async function fleetToCompare() {
  const fleet = await scriptedFleet(new TestClock())
  const write = async (stream: string, ...events: FleetEvent[]) => {
    const stamped = events.map((event) => ({ ...event, metadata, observedAt }))
    const revision = await fleet.ledger.revisionOf(stream as StreamName)
    await fleet.ledger.append(stream as StreamName, revision, stamped, `${stream} ${revision}`)
  }
  const idOf = (kind: string, key: string) => recordId("here", kind, key)
  return {
    fleet,
    write,
    idOf,
    machine: (name: string, document: Omit<TargetDocument, "lifecycle">) =>
      write(`target-${idOf("target", name)}`, {
        type: "TargetDiscovered",
        data: {
          source: "here",
          nativeKey: name,
          generation: 0,
          document: { lifecycle: "observed", identity: { name }, ...document },
        },
      }),
    service: (on: string, name: string, status: "running" | "failed", config: ServiceDocument["config"] = {}) =>
      write(`service-${idOf("service", `${on}/${name}`)}`, {
        type: "ServiceDiscovered",
        data: {
          source: "here",
          nativeKey: `${on}/${name}`,
          generation: 0,
          target: idOf("target", on),
          document: { lifecycle: "observed", identity: { name, runtime: "docker" }, config, state: { status } },
        },
      }),
    stack: (on: string, name: string) =>
      write(`stack-${idOf("stack", `${on}/${name}`)}`, {
        type: "StackDiscovered",
        data: {
          source: "here",
          nativeKey: `${on}/${name}`,
          generation: 0,
          target: idOf("target", on),
          document: { lifecycle: "observed", identity: { name, runtime: "compose" } },
        },
      }),
    retire: (kind: "Target" | "Service" | "Stack", key: string) =>
      write(`${kind.toLowerCase()}-${idOf(kind.toLowerCase(), key)}`, {
        type: `${kind}Retired`,
        data: { from: "observed" },
      }),
    turn: (key: string, from: ServiceStatus, to: ServiceStatus) =>
      write(`service-${idOf("service", key)}`, { type: "ServiceStateChanged", data: { from, to } }),
    resource: (name: string, resource: string, from: "healthy" | "critical", to: "healthy" | "critical") =>
      write(`target-${idOf("target", name)}`, { type: "TargetResourceStatusChanged", data: { resource, from, to } }),
  }
}

const compare = async (fleet: Fleet, input: object) =>
  (await asker<object>(fleet)("snapshot compare", { from: "before", ...input })) as Comparison

const well = { resources: { cpu: "healthy", memory: "healthy" } } as const
const inStack = (stackService: string, ...awaited: string[]) => ({
  stack: "shop",
  stackService,
  dependsOn: Object.fromEntries(awaited.map((name) => [`service:${name}`, {}])),
})

it("weighs what was lost by what it was for and what depended on it, and tells what got better", async () => {
  const { fleet, machine, service, retire, turn, resource } = await fleetToCompare()
  await machine("prod-1", { ...well, labels: { role: "production" } })
  await service("prod-1", "db", "running", inStack("db"))
  await service("prod-1", "api", "running", inStack("api", "db"))
  await service("prod-1", "web", "running", inStack("web", "api"))
  await machine("lab-1", { ...well, labels: { role: "lab" } })
  await service("lab-1", "toy", "running")
  await service("lab-1", "cron", "failed")
  await machine("old-1", { ...well, labels: { role: "staging" } })
  await service("old-1", "nginx", "running")
  await service("old-1", "php", "running")
  await machine("nas", { resources: { cpu: "critical", memory: "critical", "fs:/": "critical" } })
  await asker<object>(fleet)("snapshot create", { name: "before" })

  await retire("Service", "prod-1/db")
  await turn("prod-1/web", "running", "failed")
  await retire("Service", "lab-1/toy")
  await turn("lab-1/cron", "failed", "running")
  await retire("Service", "old-1/nginx")
  await retire("Service", "old-1/php")
  await retire("Target", "old-1")
  await resource("nas", "cpu", "critical", "healthy")
  await resource("nas", "memory", "critical", "healthy")
  await machine("new-1", {})
  await asker<object>(fleet)("snapshot create", { name: "after", type: "post_deployment" })
  await service("new-1", "late", "running")

  const comparison = await compare(fleet, { to: "after" })
  expect(comparison.summary).toStrictEqual({
    created: { target: 1, service: 0, stack: 0 },
    modified: { target: 1, service: 2, stack: 0 },
    removed: { target: 1, service: 4, stack: 0 },
  })
  expect(
    comparison.criticalChanges.items.map(({ entity, loss, dependants, weight }) => [
      entity.name,
      loss,
      dependants,
      weight,
    ]),
  ).toStrictEqual([
    // The database of a shop in production, which api and so web waited for.
    ["db", "removed", 2, 1.5],
    ["web", "failed", 0, 0.8],
    // With what ran on it, which is not told once more. The lab's container is not worth a word.
    ["old-1", "removed", 2, 0.6],
  ])
  expect(comparison.potentialIssues.items).toMatchObject([
    { entity: { name: "web" }, before: { status: "running" }, after: { status: "failed" } },
  ])
  expect(comparison.improvements.items.map(({ entity }) => entity.name).toSorted()).toStrictEqual(["cron", "nas"])
  expect(comparison.health).toMatchObject({
    // 1, 0.8, 1 and 0.1 before; 0.8, 1 and 0.7 after.
    before: { healthy: 3, warning: 0, critical: 1, unknown: 0, average: 0.725 },
    after: { healthy: 3, warning: 0, critical: 0, unknown: 1, average: 0.833 },
    scoreChange: 0.108,
    healthyChange: 0,
    unhealthyChange: -1,
  })
  expect((await compare(fleet, {})).summary["created"]).toStrictEqual({ target: 1, service: 1, stack: 0 })
  const text = tableOf("snapshot compare", comparison)
  expect(text).toContain("db (service) removed: production, 2 depended on it (weight 1.5)")
  expect(text).toContain("nas (target) critical 0.1 → healthy 0.7: disk is critical: /")
  expect(await asker<object>(fleet)("snapshot show", { name: "before" })).toMatchObject({
    totals: { target: 4, service: 7, stack: 0 },
    health: { healthy: 3, critical: 1 },
  })
})

it("of a point with itself, or by another source's word of the same machine, tells of no loss", async () => {
  const { fleet, machine, idOf, write } = await fleetToCompare()
  await machine("web-1", { ...well, labels: { role: "production" } })
  await machine("web-1.lan", well)
  await asker<object>(fleet)("snapshot create", { name: "before" })
  const [record, target] = [idOf("target", "web-1.lan"), idOf("target", "web-1")]
  expect(await compare(fleet, { to: "before" })).toMatchObject({
    health: { scoreChange: 0, healthyChange: 0 },
    criticalChanges: { count: 0 },
    potentialIssues: { count: 0 },
    improvements: { count: 0 },
  })
  await write("identity", { type: "RecordsLinked", data: { record, target, reasons: ["one machine"] } })
  expect(await compare(fleet, {})).toMatchObject({
    health: { before: { healthy: 2 }, after: { healthy: 1 } },
    criticalChanges: { count: 0 },
    potentialIssues: { count: 0 },
  })
})

it("tells of a score that dropped, and no more than was asked for", async () => {
  const { fleet, machine, resource } = await fleetToCompare()
  for (const name of ["a", "b"]) await machine(name, well)
  await asker<object>(fleet)("snapshot create", { name: "before" })
  for (const name of ["a", "b"]) await resource(name, "cpu", "healthy", "critical")
  const { potentialIssues } = await compare(fleet, { limit: 1 })
  expect(potentialIssues).toMatchObject({
    count: 2,
    items: [
      {
        before: { status: "healthy", score: 1 },
        after: { status: "healthy", score: 0.7 },
        reasons: ["cpu is critical"],
      },
    ],
  })
  expect(potentialIssues.items).toHaveLength(1)
})

it("tells a stack that is gone once, by all that ran in it on its machine", async () => {
  const { fleet, machine, service, stack, retire } = await fleetToCompare()
  for (const name of ["prod-1", "prod-2"]) {
    await machine(name, { ...well, labels: { role: "production" } })
    await stack(name, "shop")
    for (const part of ["db", "api"]) await service(name, part, "running", inStack(part))
  }
  await stack("prod-1", "empty")
  await asker<object>(fleet)("snapshot create", { name: "before" })
  for (const key of ["prod-1/db", "prod-1/api", "prod-2/api"]) await retire("Service", key)
  for (const key of ["prod-1/shop", "prod-1/empty"]) await retire("Stack", key)
  const { criticalChanges } = await compare(fleet, {})
  const told = criticalChanges.items.map(({ entity, dependants, weight }) => [entity.name, dependants, weight])
  expect(new Set(told)).toStrictEqual(
    new Set([
      ["shop", 2, 1.5],
      ["api", 0, 1],
      ["empty", 0, 1],
    ]),
  )
})

it("tells of a machine that is gone, and nothing of what ran on it", async () => {
  const { fleet, machine, service, stack, retire, turn } = await fleetToCompare()
  await machine("prod-1", { ...well, labels: { role: "production" } })
  await stack("prod-1", "shop")
  await service("prod-1", "db", "running", inStack("db"))
  await service("prod-1", "cron", "running")
  await asker<object>(fleet)("snapshot create", { name: "before" })
  await retire("Stack", "prod-1/shop")
  await retire("Service", "prod-1/db")
  await turn("prod-1/cron", "running", "failed")
  await retire("Target", "prod-1")
  const { criticalChanges, potentialIssues } = await compare(fleet, {})
  expect(criticalChanges.items.map(({ entity, loss, dependants }) => [entity.name, loss, dependants])).toStrictEqual([
    ["prod-1", "removed", 2],
  ])
  expect(potentialIssues.items).toStrictEqual([])
})

it("weighs by the role that a person gave a machine's oldest record, whichever source is trusted first", async () => {
  const { fleet, machine, service, idOf, write, retire } = await fleetToCompare()
  await machine("web-1", well)
  await service("web-1", "shop", "running")
  const lan = await addHost(fleet, "web-1.lan", {}, "there")
  await asker<object>(fleet)("role set", { target: "web-1", role: "production" })
  await asker<object>(fleet)("role set", { target: "web-1.lan", role: "lab" })
  await asker<object>(fleet)("identity link", { record: lan, target: idOf("target", "web-1") })
  await write("policy", { type: "PolicyAdopted", data: { policy: { ...defaultPolicy, precedence: ["there"] } } })
  await asker<object>(fleet)("snapshot create", { name: "before" })
  await retire("Service", "web-1/shop")
  const { criticalChanges } = await compare(fleet, {})
  expect(criticalChanges.items).toMatchObject([{ entity: { name: "shop" }, role: "production", weight: 1 }])
})

it("tells of a service that failed, whatever else of it is another", async () => {
  const { fleet, machine, service, idOf, write, turn } = await fleetToCompare()
  await machine("web-1", well)
  for (const name of ["a", "b"]) await service("web-1", name, "running")
  await asker<object>(fleet)("snapshot create", { name: "before" })
  const patch = [{ op: "add" as const, path: "/config/user", value: "www-data" }]
  for (const name of ["a", "b"])
    await write(`service-${idOf("service", `web-1/${name}`)}`, {
      type: "ServiceChanged",
      data: { facet: "config", patch },
    })
  await turn("web-1/b", "running", "failed")
  const { potentialIssues } = await compare(fleet, {})
  expect(potentialIssues.items).toMatchObject([
    { entity: { name: "b" }, before: { status: "running" }, after: { status: "failed" } },
  ])
})

it("tells of what stopped or turned critical as of a loss, and of what is no worse than before as of none", async () => {
  const { fleet, machine, service, turn, resource } = await fleetToCompare()
  const resources = { cpu: "healthy", memory: "healthy", "fs:/": "healthy" } as const
  await machine("prod-1", { resources, labels: { role: "production" } })
  await machine("prod-2", { ...well, labels: { role: "production" } })
  for (const [name, status] of [
    ["mended", "failed"],
    ["halted", "running"],
    ["lost", "running"],
  ] as const)
    await service("prod-2", name, status)
  await asker<object>(fleet)("snapshot create", { name: "before" })
  for (const name of Object.keys(resources)) await resource("prod-1", name, "healthy", "critical")
  await turn("prod-2/mended", "failed", "stopped")
  await turn("prod-2/halted", "running", "stopped")
  await turn("prod-2/lost", "running", "unknown")
  const { criticalChanges, potentialIssues, improvements } = await compare(fleet, {})
  const names = ({ items }: { items: Named[] }) => items.map(({ entity }) => entity.name).toSorted()
  expect(criticalChanges.items.map(({ entity, loss, weight }) => [entity.name, loss, weight])).toStrictEqual([
    ["prod-1", "critical", 0.8],
    ["halted", "stopped", 0.5],
  ])
  expect(names(potentialIssues)).toStrictEqual(["halted", "lost", "prod-1"])
  expect(names(improvements)).toStrictEqual(["mended"])
})
