/** A node of the cluster as a target. */
import type { Json, JsonObject } from "#kernel/json.js"
import { foreignLine, foreignText } from "../../facts/foreign.js"
import type { Client } from "./client.js"
import { percentOf, processors, wholeMiB } from "./measured.js"
import { Sight, page } from "./page.js"
import { type NodeResource, type StorageResource, nodeStatus, updates } from "./pages.js"

export interface NodeContext {
  readonly cluster: string | undefined
  /** Its address, as the cluster has it. */
  readonly address: string | undefined
  /** Undefined when not all of them can be seen. */
  readonly storages: readonly StorageResource[] | undefined
}

export async function nodeSight(client: Client, node: NodeResource, context: NodeContext): Promise<Sight> {
  const sight = new Sight()
  const name = foreignText(node.node)
  sight.see("identity", { name, hostname: name })
  if (context.address !== undefined) sight.see("network", { addresses: { [`ip:${foreignText(context.address)}`]: {} } })
  const isOnline = node.status === "online"
  const status = isOnline || node.status === "offline" ? node.status : "unknown"
  sight.see("hypervisor", { cluster: context.cluster, product: "Proxmox VE", status })
  sight.see("hardware", { cpuCores: processors(node.maxcpu), memoryMiB: wholeMiB(node.maxmem) })
  if (context.storages !== undefined) {
    sight.see("storage", { filesystems: storages(context.storages) })
    sight.notLooked["/storage/filesystems/*/sizeMiB"] = "all but LVM share their space with what else is there"
  }
  if (!isOnline) return sight

  sight.see("usage", { cpuPercent: percentOf(node.cpu, 1), memoryPercent: percentOf(node.mem, node.maxmem) })
  const path = `/nodes/${node.node}`
  const about = await page(client.get(`${path}/status`, nodeStatus))
  sight.seePage("hypervisor", about, ["version"], ({ pveversion }) => ({ version: versionOf(pveversion ?? "") }))
  sight.seePage("hardware", about, ["cpuModel", "architecture"], ({ cpuinfo, "current-kernel": kernel }) => ({
    cpuModel: foreignLine(cpuinfo?.model ?? ""),
    architecture: foreignLine(kernel?.machine ?? ""),
  }))
  sight.seePage("os", about, ["kernel"], ({ "current-kernel": kernel }) => ({
    kernel: foreignLine(kernel?.release ?? ""),
  }))
  const waiting = await page(client.get(`${path}/apt/update`, updates))
  sight.seePage("updates", waiting, ["available"], (packages) => ({
    available: Object.fromEntries(
      packages.map(({ Package, Version }) => [`pkg:${foreignText(Package)}`, { version: foreignText(Version) }]),
    ),
  }))
  return sight
}

/** `pve-manager/9.1.1/42db4a6cf33dac83`. */
function versionOf(pveversion: string): string | null {
  return foreignLine(pveversion.split("/")[1] ?? "")
}

/** As file systems, so that those which fill up are noticed; by what they are called, which is no path. */
function storages(all: readonly StorageResource[]): JsonObject {
  return Object.fromEntries(
    all.map(({ storage, plugintype, disk, maxdisk }) => {
      const item: Record<string, Json> = { type: foreignLine(plugintype ?? "") }
      const [size, used] = [wholeMiB(maxdisk), percentOf(disk, maxdisk)]
      if (plugintype?.startsWith("lvm") === true && size !== undefined) item["sizeMiB"] = size
      if (used !== undefined) item["usedPercent"] = used
      return [`fs:${foreignText(storage)}`, item]
    }),
  )
}
