import type { EventOf, FleetEvent } from "#events/catalog.js"
import { type RecordId, type StreamName, recordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import type { Condition } from "#projections/entities/condition.js"
import { type Entity, type Sort, pageKey } from "#projections/entities/read.js"
import type { Kind } from "#projections/inventory/read.js"
import { Views } from "#projections/views.js"
import { metadata, observedAt } from "#tests/support/sample-events.js"
import { describe, expect, it, onTestFinished } from "vitest"

const hosts = 30
const statuses = ["running", "failed", "stopped"] as const
const resources = ["healthy", "warning", "critical"] as const

const text = (value: string) => ({ has: "text" as const, anyOf: [{ text: value, pattern: false }] })
const status = (value: string): Condition => ({ is: "column", column: "status", test: text(value) })
const role = (value: string): Condition => ({ is: "column", column: "role", test: text(value) })
const words = (value: string): Condition => ({ is: "words", text: value })
const tag: Condition = { is: "member", list: "tags", test: text("web") }
const not = (of: Condition): Condition => ({ is: "not", of })
const all = (...of: Condition[]): Condition => ({ is: "all", of })
const unwell: Condition = { is: "column", column: "health", test: { has: "number", compare: "<", value: 0.9 } }

interface Asked {
  readonly kind: Kind
  readonly condition: Condition
  readonly sort?: Sort
  readonly meant: (entity: Entity) => boolean
}

const asked: readonly Asked[] = [
  { kind: "service", condition: status("failed"), meant: (one) => one.status === "failed" },
  { kind: "service", condition: status("running"), meant: (one) => one.status === "running" },
  {
    kind: "service",
    condition: all(status("failed"), words("nginx")),
    meant: (one) => one.status === "failed" && one.name === "nginx",
  },
  { kind: "service", condition: words("nginx"), meant: (one) => one.name === "nginx" },
  { kind: "target", condition: role("production"), meant: (one) => one.role === "production" },
  {
    kind: "target",
    condition: all(role("lab"), not(status("healthy"))),
    meant: (one) => one.role === "lab" && one.status !== "healthy",
  },
  { kind: "target", condition: tag, meant: (one) => one.tags.includes("web") },
  {
    kind: "target",
    condition: all(tag, not(status("healthy"))),
    meant: (one) => one.tags.includes("web") && one.status !== "healthy",
  },
  { kind: "target", condition: unwell, meant: (one) => one.health !== null && one.health < 0.9 },
  { kind: "target", condition: unwell, sort: "health", meant: (one) => one.health !== null && one.health < 0.9 },
]

describe("a page of what was so at a point", () => {
  // Short ways, long ways, and everything looked through.
  it.each([[[2, 4]], [[10, 30]], [[500, 2_000]]])(
    "has all that was so, and nothing else, going %j far",
    async (walked) => {
      const { views, head } = await fleetThatLived(walked)
      for (let at = 0 as Position; at <= head; at = (at + 37) as Position) {
        for (const { kind, condition, meant, sort = "name" } of asked) {
          const there = await views.entities.rows(kind, at, await views.entities.numbers({ kind, at }))
          const wanted = there.filter(meant).toSorted((a, b) => compared(pageKey(a, sort), pageKey(b, sort)))
          for (const descending of [false, true]) {
            const inOrder = (descending ? wanted.toReversed() : wanted).map(({ no }) => no)
            const found: Entity[] = []
            for (let more = true; more;) {
              const after = found.at(-1) && pageKey(found.at(-1) as Entity, sort)
              const page = await views.entities.page({ kind, at, condition, sort, descending, after, limit: 7 })
              found.push(...page)
              more = page.length === 7
            }
            expect(found.map(({ no }) => no)).toStrictEqual(inOrder)
          }
        }
      }
    },
  )
})

function compared(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  const differing = a.findIndex((value, index) => value !== b[index])
  return differing === -1 ? 0 : (a[differing] as string) < (b[differing] as string) ? -1 : 1
}

/** Machines with two services each, whose statuses, roles, tags and health change, and some of which are retired. */
async function fleetThatLived(walked: readonly number[]) {
  const ledger = openSqliteLedger(":memory:")
  const views = new Views(":memory:", { walked })
  onTestFinished(async () => {
    views.close()
    await ledger.close()
  })
  const revisions = new Map<string, number>()
  const tell = async (stream: string, event: FleetEvent) => {
    const revision = revisions.get(stream) ?? -1
    await ledger.append(stream as StreamName, revision, [{ ...event, metadata, observedAt }], "test")
    revisions.set(stream, revision + 1)
  }
  const machines = Array.from({ length: hosts }, (_, index) => hostOf(index))
  for (const { stream, discovered, services } of machines) {
    await tell(stream, discovered)
    for (const service of services) await tell(service.stream, service.discovered)
  }
  // As if by chance, and the same each time.
  for (let i = 0; i < 500; i++) {
    const host = machines[(i * 7 + (i >> 3)) % hosts] as (typeof machines)[number]
    const service = host.services[i % 2] as (typeof host.services)[number]
    const step = (i * 5 + (i >> 2)) % 8
    if (step < 4) {
      const to = statuses[(statuses.indexOf(service.status) + 1 + (i % 2)) % 3] as (typeof statuses)[number]
      await tell(service.stream, { type: "ServiceStateChanged", data: { from: service.status, to } })
      service.status = to
    } else if (step < 6) {
      const to = resources[(resources.indexOf(host.cpu) + 1 + (i % 2)) % 3] as (typeof resources)[number]
      await tell(host.stream, { type: "TargetResourceStatusChanged", data: { resource: "cpu", from: host.cpu, to } })
      host.cpu = to
    } else if (step === 6) {
      const to = host.role === "lab" ? "production" : "lab"
      const [from, fromBy] = [host.role, host.role === null ? null : ("hand" as const)]
      await tell(host.stream, { type: "TargetRoleAssigned", data: { from, fromBy, to, by: "hand", ...firstFor(host) } })
      host.role = to
    } else if (i % 3 === 0 && !service.retired) {
      await tell(service.stream, { type: "ServiceRetired", data: { from: "observed" } })
      service.retired = true
    } else if (!host.tagged) {
      await tell(host.stream, { type: "TargetTagged", data: { tag: "web", by: "hand", ...firstFor(host) } })
      host.tagged = true
    }
  }
  const { position: head } = await ledger.head()
  await views.handle(await ledger.readAll({ after: -1 as Position, limit: 10_000 }))
  return { views, head }
}

/** The first word on a machine's role or tags says that it is. */
function firstFor(host: { assigned: boolean }): { readonly first?: true } {
  const first = !host.assigned
  host.assigned = true
  return first ? { first } : {}
}

function hostOf(index: number) {
  // Names that are in another order than the machines.
  const nativeKey = `host-${(index * 11) % hosts}`
  const id = recordId("here", "target", nativeKey)
  const document: EventOf<"TargetDiscovered">["data"]["document"] = {
    lifecycle: "observed",
    identity: { name: nativeKey },
    resources: { cpu: "healthy" },
  }
  return {
    stream: `target-${id}`,
    discovered: {
      type: "TargetDiscovered" as const,
      data: { source: "here", nativeKey, generation: 0, document },
    },
    services: [onHost(id, "nginx", nativeKey), onHost(id, "cron", nativeKey)],
    cpu: "healthy" as (typeof resources)[number],
    role: null as "lab" | "production" | null,
    tagged: false,
    assigned: false,
  }
}

function onHost(target: RecordId, name: string, on: string) {
  const nativeKey = `${on}/${name}`
  const document: EventOf<"ServiceDiscovered">["data"]["document"] = {
    lifecycle: "observed",
    identity: { name, runtime: "systemd" },
    state: { status: "running" },
  }
  return {
    stream: `service-${recordId("here", "service", nativeKey)}`,
    discovered: {
      type: "ServiceDiscovered" as const,
      data: { source: "here", nativeKey, generation: 0, target, document },
    },
    status: "running" as (typeof statuses)[number],
    retired: false,
  }
}
