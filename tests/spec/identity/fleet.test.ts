/** A fleet that several sources look at, with what makes identity hard in it: every machine becomes one target, whoever is seen first. */
import { evidenceOf } from "#discovery/identity/evidence.js"
import { type Targets, linksOf } from "#discovery/identity/group.js"
import { judge } from "#discovery/identity/judge.js"
import { type RecordId, recordId } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import { arrived } from "#tests/support/arrivals.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type Machine,
  asRoot,
  asUser,
  engine,
  guest,
  guestWithAgent,
  lxc,
  metal,
  onTailnet,
  tailnetNode,
  vm,
  written,
} from "./machines.js"

const template = vm(1)
const cloned = { machineId: template.machineId, hostKey: template.hostKey, engineId: template.engineId }
const original = vm(5)

/** How each machine is seen, by source. */
const fleet: Readonly<Record<string, Readonly<Record<string, JsonObject>>>> = {
  hypervisor: seen(metal(2), { here: asRoot, tailnet: tailnetNode, ssh: onTailnet }),
  template: seen(template, { proxmox: guest, ssh: asRoot, docker: engine }),
  "its clone": seen(vm(3, cloned), { proxmox: guestWithAgent, ssh: asUser }),
  "its other clone": seen(vm(4, cloned), { proxmox: guest, ssh: asRoot }),
  original: seen(original, { proxmox: guest, ssh: asRoot, docker: engine }),
  "restored beside it": seen(vm(5, { vmid: 905, macs: vm(905).macs }), { proxmox: guest }),
  container: seen(lxc(6), { proxmox: guest, ssh: asUser }),
  "re-imaged": { proxmox: guest(vm(7)), ssh: asRoot(vm(7, { machineId: vm(907).machineId, hostname: "new" })) },
  "at the address of another": seen(vm(8, { address: original.address }), { proxmox: guest, ssh: asRoot }),
}

function seen(machine: Machine, by: Readonly<Record<string, (machine: Machine) => JsonObject>>) {
  return Object.fromEntries(Object.entries(by).map(([source, view]) => [source, view(machine)]))
}

const records = Object.entries(fleet).flatMap(([machine, views]) =>
  Object.entries(views).map(([source, document]) => ({
    id: recordId(source, "target", machine),
    machine,
    source,
    evidence: evidenceOf(document),
  })),
)
const byId = new Map(records.map((record) => [record.id, record]))
const of = (id: RecordId) => byId.get(id) as (typeof records)[number]

const pairs = {
  judged: (a: RecordId, b: RecordId) =>
    judge(of(a).evidence, of(b).evidence, { toldApart: a !== b && of(a).source === of(b).source }),
  byHand: () => undefined,
}
/** Independent of order. */
const groupsOf = (targets: Targets) =>
  new Set(
    [...targets.values()].map((ids) =>
      ids
        .map((id) => `${of(id).machine}, by ${of(id).source}`)
        .sort()
        .join("; "),
    ),
  )

describe("a fleet", () => {
  it("is as many targets as it has machines, in whatever order its records come", () => {
    const machines = Object.entries(fleet).map(([machine, views]) =>
      Object.keys(views)
        .map((source) => `${machine}, by ${source}`)
        .sort()
        .join("; "),
    )
    const anyOrder = fc.shuffledSubarray(
      records.map(({ id }) => id),
      { minLength: records.length },
    )
    fc.assert(
      fc.property(anyOrder, (order) => {
        expect(groupsOf(arrived(order, pairs))).toEqual(new Set(machines))
      }),
      { numRuns: 100 },
    )
  })

  it("puts a line of an inventory up for review beside the hosts that it may be, and links it to none", () => {
    const line = { id: recordId("file", "target", "host5.lan"), machine: "", source: "file" }
    byId.set(line.id, { ...line, evidence: evidenceOf(written(original)) })
    const targets = arrived(
      records.map(({ id }) => id),
      pairs,
    )
    const { link, review } = linksOf(line.id, targets, pairs)
    expect(link).toEqual([])
    expect(review.map((id) => of(id).machine)).toContain("original")
  })

  it("puts what its own target contradicts up for review, and takes nothing apart by itself", () => {
    const [a, b] = [recordId("proxmox", "target", "its clone"), recordId("ssh", "target", "its other clone")]
    const targets = new Map([[a, [a, b]]])
    expect(linksOf(b, targets, pairs)).toEqual({ link: [], review: [a] })
    expect(linksOf(b, targets, { ...pairs, byHand: () => "linked" })).toEqual({ link: [], review: [] })
  })
})
