/** A machine as a look sees it, with gauges that are others at every look. */
import type { Observation } from "#discovery/observation.js"
import { type Json, type JsonObject } from "#kernel/json.js"
import { type Chance, hexDigits, pick } from "./chance.js"
import { type HostState, dataPercent, hostState, isInstalling } from "./days.js"
import type { Host } from "./fleet.js"
import type { Packages } from "./packages.js"
import { hasEngine } from "./programs.js"
import { day, minute } from "./time.js"
import { kernelOf } from "./upgrades.js"

const ticksPerMs = 0.1
const sizes = [2, 4, 8, 16, 32]

export class Machine {
  readonly #chance: Chance
  readonly #host: Host
  readonly #time: number
  readonly #state: HostState
  readonly #cores: number

  constructor(chance: Chance, host: Host, time: number) {
    this.#chance = chance
    this.#host = host
    this.#time = time
    this.#state = hostState(chance, host, time)
    const size = sizes[pick(sizes.length, chance("size", host.number))] as number
    this.#cores = host.role === "pve" ? 64 : size
  }

  observation(packages: Packages, sockets: JsonObject): Observation {
    const { nativeKey, role } = this.#host
    const { upgrades, kernel } = this.#state
    const facets: Record<string, JsonObject> = {
      identity: this.#identity(),
      access: { method: "ssh", address: this.#address(), hostKey: this.#hostKey(), offeredHostKey: null },
      hardware: this.#hardware(),
      os: this.#os(),
      network: this.#network(),
      storage: this.#storage(),
      sockets,
      ...(isInstalling(this.#chance, this.#host, this.#time) ? {} : { packages: packages.after(upgrades) }),
      security: this.#security(),
      updates: { rebootRequired: kernelOf(upgrades) > kernel },
      ...(hasEngine(role) ? { engine: this.#engine() } : {}),
      usage: this.#usage(),
    }
    return { kind: "target", nativeKey, facets }
  }

  #name(): string {
    const { nativeKey } = this.#host
    const { renamed } = this.#state
    return renamed === 0 ? nativeKey : `${nativeKey}-${renamed + 1}`
  }

  #hex(count: number, subject: string, ...numbers: number[]): string {
    return hexDigits(count, this.#chance, subject, this.#host.number, ...numbers)
  }

  /** From -1 to 1, another one each minute. */
  #noise(subject: string): number {
    return 2 * this.#chance(subject, this.#host.number, Math.floor(this.#time / minute)) - 1
  }

  #identity(): JsonObject {
    const name = this.#name()
    return {
      name,
      hostname: name,
      fqdn: `${name}.${this.#host.site}.example`,
      machineId: this.#hex(32, "machine id"),
      smbiosUuid: uuid(this.#hex(32, "smbios")),
      hostKeys: { "hostkey:ssh-ed25519": { fingerprint: this.#hostKey() } },
    }
  }

  #hostKey(): string {
    return `SHA256:${Buffer.from(this.#hex(64, "host key"), "hex").toString("base64").replace(/=+$/, "")}`
  }

  #address(): string {
    const { number } = this.#host
    return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
  }

  #hardware(): JsonObject {
    const isMetal = this.#host.role === "pve"
    return {
      architecture: "x86_64",
      cpuModel: "AMD EPYC 7543 32-Core Processor",
      cpuCores: this.#cores,
      memoryMiB: this.#cores * 4_096,
      vendor: isMetal ? "Supermicro" : "QEMU",
      product: isMetal ? "AS-1124US-TNRP" : "Standard PC (Q35 + ICH9, 2009)",
      virtualization: isMetal ? "none" : "kvm",
    }
  }

  #os(): JsonObject {
    const { kernel, boots } = this.#state
    return {
      id: "debian",
      name: "Debian GNU/Linux 12 (bookworm)",
      version: "12",
      kernel: `6.1.0-${20 + kernel}-amd64`,
      bootId: uuid(this.#hex(32, "boot", boots)),
    }
  }

  #network(): JsonObject {
    const mac = (`bc2411${this.#hex(6, "mac")}`.match(/../g) ?? []).join(":")
    const uplink = {
      mac,
      mtu: 1_500,
      link: "up",
      addresses: { [`ip:${this.#address()}/8`]: {} },
      rxBytes: this.#sinceBoot(40 + 400 * this.#chance("rx", this.#host.number)),
      txBytes: this.#sinceBoot(20 + 200 * this.#chance("tx", this.#host.number)),
    }
    return {
      interfaces: { "if:eth0": uplink },
      routes: { "route:default": { gateway: "10.0.0.1", interface: "eth0" } },
      dns: { "dns:10.0.0.53": { order: 1 }, "dns:10.0.0.54": { order: 2 } },
    }
  }

  #storage(): JsonObject {
    const filesystem = (device: string, sizeGiB: number, used: number) => ({
      device,
      type: "ext4",
      sizeMiB: sizeGiB * 1_024,
      usedPercent: tenths(used + this.#noise(device) / 2),
    })
    return {
      filesystems: {
        "fs:/": filesystem("/dev/vda1", 32, 30 + 20 * this.#chance("root", this.#host.number)),
        "fs:/boot": filesystem("/dev/vda2", 1, 40),
        "fs:/srv": filesystem("/dev/vdb1", 512, dataPercent(this.#chance, this.#host, this.#time)),
      },
    }
  }

  #security(): JsonObject {
    return {
      firewall: "nftables",
      selinux: null,
      apparmor: "enabled",
      auditd: "stopped",
      sshd: {
        "sshd:permitrootlogin": { value: "prohibit-password" },
        "sshd:passwordauthentication": { value: "no" },
        "sshd:x11forwarding": { value: "no" },
      },
    }
  }

  #engine(): Record<string, Json> {
    const images = 10 + pick(20, this.#chance("images", this.#host.number, Math.floor(this.#time / day)))
    return {
      version: `24.0.${2 + Math.floor(this.#state.upgrades / 30)}`,
      apiVersion: "1.43",
      storageDriver: "overlay2",
      cgroupDriver: "systemd",
      cgroupVersion: "2",
      rootDir: "/var/lib/docker",
      rootless: false,
      liveRestore: false,
      swarm: "inactive",
      images,
    }
  }

  #sinceBoot(perMs: number): number {
    return Math.floor((this.#time - this.#state.bootedAt) * perMs)
  }

  /** Busier by day than by night, and never so busy that it says something. */
  #usage(): JsonObject {
    const { bootedAt } = this.#state
    const load = 0.05 + 0.35 * this.#chance("load", this.#host.number)
    const pace = (2 * Math.PI) / day
    const swing = (0.5 / pace) * (Math.cos(pace * bootedAt) - Math.cos(pace * this.#time))
    const ticks = (ms: number) => Math.floor(ms * this.#cores * ticksPerMs)
    return {
      cpuBusyTicks: ticks(load * (this.#time - bootedAt + swing)),
      cpuTotalTicks: ticks(this.#time - bootedAt),
      memoryPercent: tenths(30 + 30 * this.#chance("memory", this.#host.number) + 3 * this.#noise("memory use")),
    }
  }
}

const tenths = (percent: number) => Math.round(percent * 10) / 10

/** RFC 9562, as a random one looks. */
function uuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
