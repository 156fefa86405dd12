/** A fleet to be drawn: two clusters of hypervisors with guests, stacks on some of these, and many machines of a third site; and then a guest is moved. */
import type { Observation, Source } from "#discovery/observation.js"
import { loadConfig } from "#config/load.js"
import { openFleet } from "#fleet.js"
import { TestClock } from "./test-clock.js"

const hour = 3_600_000
/** Of each cluster. */
const nodes = ["pve-1", "pve-2", "pve-3"]
const roles = ["production", "development", "lab", "monitoring"] as const

export interface Racks {
  readonly machines: number
  /** A guest, with where it was before and is now. */
  readonly moved: { readonly name: string; readonly before: string; readonly after: string }
}

/** @param edge how many machines the third site has @param env that the program is run with afterwards */
export async function fillRacks(data: string, env: NodeJS.ProcessEnv, edge: number): Promise<Racks> {
  const clock = new TestClock(new Date(Date.now() - 3 * hour).toISOString())
  const moved = { name: "lab-guest-0", before: "pve-1", after: "pve-2" }
  let isMoved = false
  const seen = (site: string): readonly Observation[] => {
    if (site === "edge") return Array.from({ length: edge }, (_, number) => machineOf(number))
    return clusterOf(site, (guest, node) => (isMoved && guest === moved.name ? moved.after : node))
  }
  const sources = ["edge", "lab", "office"].map((name): Source => {
    const coverage = { rights: "root", looked: {}, notLooked: {}, complete: { target: true, service: true } }
    return {
      name,
      kind: "scripted",
      look: async () => ({ observedAt: clock.now(), observations: seen(name), coverage }),
    }
  })
  const fleet = await openFleet(loadConfig({ data }, env), clock, { sources, alerts: false })
  const look = async () => {
    for (const source of sources)
      await fleet.discovery.look(source, { actor: "system", signal: new AbortController().signal })
    clock.advance(hour)
  }
  try {
    await look()
    isMoved = true
    await look()
    return { machines: edge + 2 * (nodes.length + 8 * nodes.length), moved }
  } finally {
    await fleet.close()
  }
}

function machineOf(number: number): Observation {
  const status = number % 41 === 0 ? "critical" : number % 17 === 0 ? "warning" : "healthy"
  return {
    kind: "target",
    nativeKey: `edge-${number}`,
    facets: {
      identity: { name: `edge-${String(number).padStart(3, "0")}` },
      labels: { role: roles[number % roles.length] ?? null },
    },
    resources: { cpu: status, memory: status, "fs:/": status },
  }
}

function clusterOf(site: string, nodeOf: (guest: string, node: string) => string): readonly Observation[] {
  return nodes.flatMap((node, index): Observation[] => [
    {
      kind: "target",
      nativeKey: `node/${node}`,
      facets: {
        identity: { name: node },
        hypervisor: { cluster: site, status: "online" },
      },
      resources: { memory: index === 1 ? "warning" : "healthy" },
    },
    ...Array.from({ length: 8 }, (_, place) => {
      const vmid = index * 8 + place
      return guestOf(site, vmid, nodeOf(`${site}-guest-${vmid}`, node))
    }).flat(),
  ])
}

function guestOf(site: string, vmid: number, node: string): readonly Observation[] {
  const on = `qemu/${vmid}`
  const status = vmid % 7 === 3 ? "critical" : "healthy"
  const guest: Observation = {
    kind: "target",
    nativeKey: on,
    facets: {
      identity: { name: `${site}-guest-${vmid}` },
      guest: { kind: "qemu", cluster: site, vmid, node },
    },
    resources: { memory: status, "fs:/": status },
  }
  if (vmid % 3 !== 0) return [guest]
  const stack: Observation = {
    kind: "stack",
    nativeKey: `${on}/shop`,
    on,
    facets: { identity: { name: "shop", runtime: "compose" } },
  }
  const service = (name: string, state: string, within: boolean): Observation => ({
    kind: "service",
    nativeKey: `${on}/${name}`,
    on,
    facets: {
      identity: { name, runtime: within ? "docker" : "systemd" },
      config: within ? { stack: "shop", stackService: name } : {},
      state: { status: state },
    },
  })
  return [
    guest,
    stack,
    service("db", "running", true),
    service("api", vmid % 2 === 0 ? "running" : "failed", true),
    service("sshd.service", "running", false),
  ]
}
