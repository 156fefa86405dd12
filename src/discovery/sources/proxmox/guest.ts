/** A virtual machine or a container as a target: what the cluster lists, its settings, and what it says of its addresses while it runs. */
import { instant } from "#kernel/clock.js"
import type { Json, JsonObject } from "#kernel/json.js"
import { foreignLine, foreignNames, foreignText } from "../../facts/foreign.js"
import { type AddressesByMac, addressesByMac } from "./addresses.js"
import type { Client } from "./client.js"
import type { Kept } from "./kept.js"
import { percentOf, processors, wholeMiB } from "./measured.js"
import { type Page, Sight, page } from "./page.js"
import { type GuestConfig, type GuestResource, agentInterfaces, containerInterfaces, guestConfig } from "./pages.js"
import { properties, sizeMiB } from "./properties.js"

export interface GuestContext {
  readonly cluster: string | undefined
  /** Where its node does not answer, nobody does for the guest. */
  readonly isNodeOnline: boolean
  readonly kept: Kept
}

export function keyOf({ type, vmid }: GuestResource): string {
  return `${type}/${vmid}`
}

export async function guestSight(client: Client, guest: GuestResource, context: GuestContext): Promise<Sight> {
  const sight = new Sight()
  listed(sight, guest, context.cluster)
  const path = `/nodes/${guest.node}/${keyOf(guest)}`
  const config: Page<GuestConfig> = context.isNodeOnline
    ? // As it runs, and not as it will after its next start.
      await page(client.get(`${path}/config?current=1`, guestConfig))
    : { why: "its node is not online" }
  const missing = ["disks", "nics", "startsAtBoot", "snapshots", "pending"]
  sight.seePage("guest", config, missing, (settings) => ({
    startsAtBoot: textOf(settings["onboot"]) === "1",
    disks: disks(settings),
    nics: nics(settings),
  }))
  if (!("value" in config)) {
    sight.notLooked["/network/interfaces"] = config.why
    return sight
  }
  const settings = config.value
  if (guest.type === "qemu") virtualMachine(sight, settings)
  const { snapshots, pending } = await context.kept.of(client, keyOf(guest), path, textOf(settings["digest"]))
  sight.seePage("guest", snapshots, ["snapshots"], (value) => ({ snapshots: value }))
  sight.seePage("guest", pending, ["pending"], (value) => ({ pending: value }))
  const addresses = await addressesOf(client, guest, settings, path)
  if ("why" in addresses) sight.notLooked["/network/interfaces/*/addresses"] = addresses.why
  sight.see("network", { interfaces: interfaces(settings, "value" in addresses ? addresses.value : undefined) })
  return sight
}

function listed(sight: Sight, guest: GuestResource, cluster: string | undefined): void {
  const { type, vmid, node, name, status, template, tags, pool, hastate } = guest
  const called = typeof name === "string" && name !== "" ? foreignText(name) : undefined
  sight.see("identity", { name: called, hostname: type === "lxc" ? called : undefined })
  sight.see("labels", {
    tags: foreignNames(
      "tag",
      (tags ?? "").split(/[;,\s]+/).filter((tag) => tag !== ""),
    ),
  })
  sight.see("hardware", {
    cpuCores: processors(guest.maxcpu),
    memoryMiB: wholeMiB(guest.maxmem),
    virtualization: type === "lxc" ? "lxc" : "kvm",
  })
  sight.see("guest", {
    kind: type,
    cluster,
    vmid,
    template: template ?? undefined,
    pool: foreignLine(pool ?? ""),
    node: foreignText(node),
    power: typeof status === "string" ? foreignText(status) : undefined,
    haState: foreignLine(hastate ?? ""),
  })
  if (status !== "running") return
  // A virtual machine's memory counts its caches as used, unless it is asked from within.
  const memoryPercent = type === "lxc" ? percentOf(guest.mem, guest.maxmem) : undefined
  sight.see("usage", { cpuPercent: percentOf(guest.cpu, 1), memoryPercent })
}

function virtualMachine(sight: Sight, settings: GuestConfig): void {
  const uuid = properties(textOf(settings["smbios1"])).get("uuid")
  const generation = textOf(settings["vmgenid"])
  const made = Number(properties(textOf(settings["meta"])).get("ctime"))
  sight.see("identity", { smbiosUuid: uuid === undefined ? null : foreignLine(uuid.toLowerCase()) })
  sight.see("guest", {
    generationId: generation === "0" ? null : foreignLine(generation),
    // Up to the year 9999.
    createdAt: made > 0 && made < 253_402_300_800 ? instant(made * 1_000) : null,
  })
}

async function addressesOf(
  client: Client,
  guest: GuestResource,
  settings: GuestConfig,
  path: string,
): Promise<Page<AddressesByMac>> {
  if (guest.status !== "running") return { why: "it does not run" }
  if (guest.type === "lxc") {
    const found = await page(client.get(`${path}/interfaces`, containerInterfaces))
    if ("why" in found) return found
    const stated = found.value.map(({ hwaddr, inet, inet6, "ip-addresses": all }) => ({
      mac: hwaddr,
      addresses: [...(all?.map(addressOf) ?? [inet, inet6].map(withPrefix))],
    }))
    return { value: addressesByMac(stated) }
  }
  const agent = properties(textOf(settings["agent"]))
  if ((agent.get("enabled") ?? agent.get("")) !== "1") return { why: "no guest agent" }
  const found = await page(client.get(`${path}/agent/network-get-interfaces`, agentInterfaces))
  if ("why" in found) return found
  const stated = found.value.result.map(({ "hardware-address": mac, "ip-addresses": all }) => ({
    mac,
    addresses: (all ?? []).map(addressOf),
  }))
  return { value: addressesByMac(stated) }
}

function addressOf(stated: { "ip-address"?: string | null | undefined; prefix?: number | null | undefined }) {
  return { address: stated["ip-address"] ?? "", prefix: stated.prefix }
}

/** Before version 8.4 a container's addresses are one of each family, as `10.0.0.5/24`. */
function withPrefix(stated: string | null | undefined) {
  const [address = "", prefix] = (stated ?? "").split("/")
  return { address, prefix: prefix === undefined ? undefined : Number(prefix) }
}

/** The guest's own name of a container's interface; of a virtual machine's, the hypervisor's: the guest's is its own affair. */
function interfaces(settings: GuestConfig, addresses: AddressesByMac | undefined): JsonObject {
  const items: Record<string, JsonObject> = {}
  for (const [key, setting] of numbered(settings, /^net\d+$/)) {
    const mac = macOf(setting)
    const item: Record<string, Json> = { mac }
    if (addresses !== undefined) item["addresses"] = foreignNames("ip", addresses.get(mac ?? "") ?? [])
    items[`if:${foreignText(setting.get("name") ?? key)}`] = item
  }
  return items
}

/** A container has it as `hwaddr`, a virtual machine after the model: `virtio=BC:24:11:00:00:01`. */
function macOf(setting: ReadonlyMap<string, string>): string | null {
  const mac = [...setting.values()].find((value) => /^(?:[0-9A-F]{2}:){5}[0-9A-F]{2}$/i.test(value))
  return mac?.toLowerCase() ?? null
}

function nics(settings: GuestConfig): JsonObject {
  const items: Record<string, JsonObject> = {}
  for (const [key, setting] of numbered(settings, /^net\d+$/)) {
    const vlan = setting.get("tag") ?? ""
    items[`nic:${key}`] = {
      bridge: foreignLine(setting.get("bridge") ?? ""),
      vlan: /^\d{1,4}$/.test(vlan) ? Number(vlan) : null,
    }
  }
  return items
}

/** Those that are there to stay: no disc in a drive, and none that was unplugged. */
function disks(settings: GuestConfig): JsonObject {
  const items: Record<string, JsonObject> = {}
  for (const [key, setting] of numbered(settings, /^(?:(?:ide|sata|scsi|virtio|efidisk|tpmstate|mp)\d+|rootfs)$/)) {
    const volume = setting.get("") ?? setting.get("file") ?? setting.get("volume") ?? ""
    if (setting.get("media") === "cdrom" || volume === "none") continue
    items[`disk:${key}`] = { volume: foreignLine(volume), sizeMiB: sizeMiB(setting.get("size")) }
  }
  return items
}

function numbered(settings: GuestConfig, key: RegExp): [string, ReadonlyMap<string, string>][] {
  const found = Object.entries(settings).filter(([name]) => key.test(name) && name.length < 20)
  return found.map(([name, setting]) => [name, properties(textOf(setting))])
}

function textOf(setting: unknown): string {
  return typeof setting === "string" || typeof setting === "number" ? String(setting) : ""
}
