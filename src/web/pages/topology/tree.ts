/** Who stands where: sites, in each its hypervisors with their guests, and the other machines, by what they are there for where they are many. */
import type * as topologyOperations from "#operations/topology.js"
import type { Answer } from "../../ask.js"
import { healthOf } from "../../parts/health.js"

export type Machine = Answer<typeof topologyOperations.topology>["items"][number]

export interface Group {
  readonly key: string
  readonly name: string
  readonly kind: "site" | "hypervisor" | "role"
  /** The hypervisor itself, where it is known. */
  readonly host: Machine | undefined
  readonly groups: readonly Group[]
  readonly machines: readonly Machine[]
  readonly counts: Counts
}

/** Of all machines in a group, the hypervisor among them. */
export interface Counts {
  readonly machines: number
  readonly healthy: number
  readonly warning: number
  readonly critical: number
  readonly unknown: number
}

/** So many machines stand side by side without being grouped. */
const fewInSite = 24

export function treeOf(machines: readonly Machine[]): readonly Group[] {
  return grouped(machines, ({ site }) => site).map(([site, its]) => siteOf(site, its))
}

function siteOf(site: string, machines: readonly Machine[]): Group {
  const hosts = machines.filter(({ hypervisor }) => hypervisor)
  const guests = machines.filter(({ node, hypervisor }) => node !== null && !hypervisor)
  const loose = machines.filter(({ node, hypervisor }) => node === null && !hypervisor)
  const nodes = [...new Set([...hosts.map(({ name }) => name), ...guests.map(({ node }) => node as string)])].toSorted()
  const groups = nodes.map((name) => {
    const host = hosts.find((one) => one.name === name)
    return groupOf(
      `${site}\n${name}`,
      name,
      "hypervisor",
      [],
      guests.filter(({ node }) => node === name),
      host,
    )
  })
  if (loose.length > fewInSite)
    for (const [role, its] of grouped(loose, ({ role: one }) => one ?? "no role"))
      groups.push(groupOf(`${site}\n\n${role}`, role, "role", [], its))
  return groupOf(site, site, "site", groups, loose.length > fewInSite ? [] : loose)
}

function groupOf(
  key: string,
  name: string,
  kind: Group["kind"],
  groups: readonly Group[],
  machines: readonly Machine[],
  host?: Machine,
): Group {
  const counts = { machines: 0, healthy: 0, warning: 0, critical: 0, unknown: 0 }
  for (const { health } of host === undefined ? machines : [host, ...machines]) {
    counts.machines += 1
    counts[healthOf(health)] += 1
  }
  for (const { counts: its } of groups)
    for (const name_ of Object.keys(counts) as (keyof Counts)[]) counts[name_] += its[name_]
  return { key, name, kind, host, groups, machines, counts }
}

function grouped(
  machines: readonly Machine[],
  by: (machine: Machine) => string,
): readonly (readonly [string, readonly Machine[]])[] {
  const groups = new Map<string, Machine[]>()
  for (const machine of machines) groups.set(by(machine), [...(groups.get(by(machine)) ?? []), machine])
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** Most machines that are drawn one by one before anybody opens more. */
const mostDrawn = 80

/** Groups that are open at first: all of them while they are few, else those with trouble, as far as they can be read. */
export function openAtFirst(sites: readonly Group[]): ReadonlySet<string> {
  const open = new Set<string>()
  let drawn = 0
  const all = sites.flatMap((site) => [site, ...site.groups])
  const trouble = ({ counts }: Group) => counts.critical * 1_000 + counts.warning
  const isFew = sites.reduce((sum, { counts }) => sum + counts.machines, 0) <= mostDrawn
  // A site shows its groups before any machine is drawn.
  for (const site of sites) if (site.groups.length > 0 && sites.length < mostDrawn / 2) open.add(site.key)
  for (const group of isFew ? all : all.toSorted((a, b) => trouble(b) - trouble(a))) {
    if (drawn + group.machines.length > mostDrawn) continue
    open.add(group.key)
    drawn += group.machines.length
  }
  // One alone is what was asked for.
  const [only, ...others] = all.filter(({ groups }) => groups.length === 0)
  if (only !== undefined && others.length === 0) open.add(only.key)
  return open
}

const orderOfStatus = ["failed", "stopped", "unknown", "running"] as const

/** `12 services, 1 failed`. */
export function servicesText(counts: Machine["services"]): string {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const wrong = orderOfStatus
    .filter((status) => status !== "running")
    .flatMap((status) => (counts[status] === undefined ? [] : `${counts[status]} ${status}`))
  return [`${all} ${all === 1 ? "service" : "services"}`, ...wrong].join(", ")
}

/** `3 critical, 1 warning`, or that all are well. */
export function healthText({ machines, critical, warning, unknown }: Counts): string {
  const said = [
    [critical, "critical"],
    [warning, "warning"],
    [unknown, "unknown"],
  ] as const
  const wrong = said.flatMap(([count, name]) => (count === 0 ? [] : `${count} ${name}`))
  return `${machines} ${machines === 1 ? "machine" : "machines"}${wrong.length === 0 ? ", all healthy" : `, ${wrong.join(", ")}`}`
}
