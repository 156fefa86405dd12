/**
 * A fleet made up deterministically, with hosts as heavy as real ones: 500 packages, 30 sockets, several interfaces and file systems, ten services each;
 * and a stream of the changes that such a fleet makes. Measures with it mean something; measures with toys do not.
 */
import type { EventOf, FleetEvent, NewEvent } from "#events/catalog.js"
import type { ServiceStatus } from "#events/facets/service.js"
import { instant } from "#kernel/clock.js"
import { type RecordId, type StreamName, recordId } from "#kernel/ids.js"
import type { Patch } from "#kernel/patch.js"

export interface Append {
  readonly stream: StreamName
  readonly expectedRevision: number
  readonly events: readonly NewEvent[]
}

export const servicesPerTarget = 10
const packagesPerTarget = 500
/** The services from this one on run in containers. */
const dockerFrom = 7

/** mulberry32: small, fast, good enough to vary things by. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export class SyntheticFleet {
  readonly #targets: number
  readonly #random: () => number
  readonly #revisions = new Map<string, number>()
  readonly #kernels = new Map<number, number>()
  readonly #versions = new Map<string, number>()
  readonly #states = new Map<string, ServiceStatus>()
  #tick = 0

  constructor(targets: number, seed = 1) {
    this.#targets = targets
    this.#random = random(seed)
  }

  targetId(target: number): RecordId {
    return recordId("synthetic", "target", `host-${target}`)
  }

  /** The first look: every target, then its services. */
  *discovery(): Generator<Append> {
    for (let target = 0; target < this.#targets; target++) {
      yield this.#append("target", this.targetId(target), [discovered(target)])
      for (let service = 0; service < servicesPerTarget; service++) {
        const id = recordId("synthetic", "service", `host-${target}/${service}`)
        yield this.#append("service", id, [serviceDiscovered(target, service, this.targetId(target))])
      }
    }
  }

  /** `count` changes, one event each, all over the fleet (or over its first `among` targets). */
  *changes(count: number, among = this.#targets): Generator<Append> {
    for (let i = 0; i < count; i++) {
      const target = Math.floor(this.#random() * among)
      const kind = this.#random()
      if (kind < 0.35) yield this.#append("target", this.targetId(target), [this.#upgrade(target)])
      else if (kind < 0.45) yield this.#append("target", this.targetId(target), [this.#boot(target)])
      else yield this.#toggle(target, Math.floor(this.#random() * servicesPerTarget))
    }
  }

  #upgrade(target: number): FleetEvent {
    const pkg = Math.floor(this.#random() * packagesPerTarget)
    const key = `${target}/${pkg}`
    const from = this.#versions.get(key) ?? 0
    this.#versions.set(key, from + 1)
    return {
      type: "TargetChanged",
      data: {
        facet: "packages",
        patch: replaced(`/packages/${packageKey(pkg)}/version`, version(from), version(from + 1)),
      },
    }
  }

  #boot(target: number): FleetEvent {
    const from = this.#kernels.get(target) ?? 0
    this.#kernels.set(target, from + 1)
    const patch = [
      ...replaced("/os/kernel", kernel(from), kernel(from + 1)),
      ...replaced("/os/bootId", boot(target, from), boot(target, from + 1)),
    ]
    return { type: "TargetChanged", data: { facet: "os", patch } }
  }

  #toggle(target: number, service: number): Append {
    const key = `host-${target}/${service}`
    const from = this.#states.get(key) ?? "running"
    const to = from !== "running" ? "running" : this.#random() < 0.1 ? "failed" : "stopped"
    this.#states.set(key, to)
    return this.#append("service", recordId("synthetic", "service", key), [
      { type: "ServiceStateChanged", data: { from, to } },
    ])
  }

  #append(kind: "target" | "service", id: RecordId, events: readonly FleetEvent[]): Append {
    const stream = `${kind}-${id}` as StreamName
    const expectedRevision = this.#revisions.get(stream) ?? -1
    this.#revisions.set(stream, expectedRevision + events.length)
    const observedAt = instant(Date.UTC(2026, 0, 1) + this.#tick++ * 1_000)
    const metadata = { actor: "discovery", source: "synthetic", runId: "6f1d3c52-58a9-4a37-9d3c-0f4b8a7a2b10" }
    return { stream, expectedRevision, events: events.map((event) => ({ ...event, metadata, observedAt })) }
  }
}

function replaced(path: string, before: string, after: string): [...Patch] {
  return [
    { op: "test", path, value: before },
    { op: "replace", path, value: after },
  ]
}

const roles = ["production", "staging", "development", "lab"] as const
const tags = ["web", "database", "build", "backup", "edge"]
const systems = [
  { id: "debian", name: "Debian GNU/Linux 12 (bookworm)", version: "12" },
  { id: "ubuntu", name: "Ubuntu 24.04 LTS", version: "24.04" },
  { id: "debian", name: "Debian GNU/Linux 13 (trixie)", version: "13" },
]
const packageKey = (i: number) => (i === 0 ? "pkg:openssl" : `pkg:lib${i}`)
const portOf = (i: number) => (i === 0 ? 22 : 1_000 + i)

const version = (n: number) => `1.${n}.0-${n + 1}+deb12u1`
const kernel = (n: number) => `6.1.0-${20 + n}-amd64`
const boot = (target: number, n: number) => `00000000-0000-4000-8000-${String(target * 1_000 + n).padStart(12, "0")}`

function discovered(target: number): EventOf<"TargetDiscovered"> {
  return {
    type: "TargetDiscovered",
    data: {
      source: "synthetic",
      nativeKey: `host-${target}`,
      generation: 0,
      document: {
        lifecycle: "observed",
        identity: {
          name: `host-${String(target).padStart(6, "0")}`,
          hostname: `host-${String(target).padStart(6, "0")}`,
          fqdn: `host-${target}.example`,
          machineId: String(target).padStart(32, "0"),
          smbiosUuid: null,
        },
        hardware: {
          architecture: "x86_64",
          cpuModel: "Synthetic CPU",
          cpuCores: 2 + (target % 62),
          memoryMiB: 2_048 * (1 + (target % 32)),
          virtualization: "kvm",
        },
        labels: {
          role: roles[target % roles.length],
          tags: { [`tag:${tags[target % tags.length]}`]: {} },
        },
        os: {
          ...systems[target % systems.length],
          kernel: kernel(0),
          bootId: boot(target, 0),
        },
        network: {
          interfaces: numbered(4, (i) => [
            `if:eth${i}`,
            {
              mac: `02:00:00:00:${i}0:${(target % 99) + 10}`,
              mtu: 1_500,
              link: "up" as const,
              addresses: { [`ip:10.${i}.${target >> 8}.${target & 255}/16`]: {} },
            },
          ]),
          routes: { "route:default": { gateway: "10.0.0.1", interface: "eth0" } },
          dns: { "dns:10.0.0.53": { order: 1 } },
        },
        storage: {
          filesystems: numbered(4, (i) => [`fs:/data${i}`, { device: `/dev/vd${i}`, type: "ext4", sizeMiB: 102_400 }]),
        },
        sockets: numbered(30, (i) => [
          `tcp:${portOf(i)}`,
          { port: portOf(i), address: "*", process: `daemon${i}`, user: "root" },
        ]),
        packages: numbered(packagesPerTarget, (i) => [packageKey(i), { version: version(0), architecture: "amd64" }]),
        resources: { cpu: "healthy", memory: target % 7 === 0 ? "warning" : "healthy" },
      },
    },
  }
}

/** An object of `count` entries made by `entry`. */
function numbered<T>(count: number, entry: (i: number) => [string, T]): Record<string, T> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => entry(i)))
}

function serviceDiscovered(target: number, service: number, id: RecordId): EventOf<"ServiceDiscovered"> {
  return {
    type: "ServiceDiscovered",
    data: {
      source: "synthetic",
      nativeKey: `host-${target}/${service}`,
      generation: 0,
      target: id,
      document: {
        lifecycle: "observed",
        identity: { name: `daemon${service}`, runtime: service < dockerFrom ? "systemd" : "docker" },
        config: {
          description: `Daemon number ${service}`,
          executable: `/usr/sbin/daemon${service}`,
          user: "root",
          enabled: "enabled",
          ports: { [`tcp:${1_000 + service}`]: {} },
        },
        state: { status: "running" },
        ...(service >= dockerFrom && {
          container: {
            image: service === dockerFrom && target % 10 === 0 ? "nginx:1.25" : `example/daemon:${service}`,
          },
        }),
      },
    },
  }
}
