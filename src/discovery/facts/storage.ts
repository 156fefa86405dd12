/** A machine's file systems and how full they are, each once, under the shortest of the paths it is mounted at. */
import type { Json, JsonObject } from "#kernel/json.js"
import { type Answer, type Facts, factsOf } from "./answer.js"
import { foreignText } from "./foreign.js"
import type { Material, Materials } from "./material.js"
import { type Mount, realMounts, sharesItsPool } from "./mounts.js"
import { oneDecimal } from "./usage.js"

export function storageFacts(materials: Materials): Facts {
  const notLooked = new Map<string, string>()
  const { fields, notLooked: whole } = factsOf("storage", { filesystems: filesystems(materials, notLooked) })
  const parts = [...notLooked].map(([field, why]) => [`/storage/filesystems/*/${field}`, why])
  return { fields, notLooked: { ...whole, ...Object.fromEntries(parts) } }
}

function filesystems({ mounts, statfs }: Materials, notLooked: Map<string, string>): Answer {
  if (!("text" in mounts)) return "denied" in mounts ? { why: mounts.denied } : { value: null }
  if (!("text" in statfs)) return { why: "denied" in statfs ? statfs.denied : "nobody asked for their sizes" }
  const why = statfs.partial ?? "no answer"
  const sizes = sizesOf(statfs)
  const items: Record<string, JsonObject> = {}
  for (const mount of oncePerFilesystem(realMounts(mounts.text).filter(({ escaped }) => sizes.has(escaped)))) {
    const size = sizes.get(mount.escaped)
    // Whether it is a directory, or a single file that has no place here, could not be seen: so neither could the list.
    if (size?.blocks === undefined && !mount.whole) return { why }
    items[`fs:${foreignText(mount.mountPoint)}`] = itemOf(mount, size, why, notLooked)
  }
  return { value: items }
}

function itemOf(mount: Mount, size: Size | undefined, why: string, notLooked: Map<string, string>): JsonObject {
  const item: Record<string, Json> = { device: foreignText(mount.source), type: foreignText(mount.type) }
  const { blockSize, blocks, free, available } = size ?? {}
  if (sharesItsPool(mount.type)) notLooked.set("sizeMiB", "zfs and btrfs share the space of their pool")
  else if (blockSize === undefined || blocks === undefined) notLooked.set("sizeMiB", why)
  else item["sizeMiB"] = wholeMiB(blocks * blockSize)

  if (blocks === undefined || free === undefined || available === undefined) notLooked.set("usedPercent", why)
  else item["usedPercent"] = usedPercent(blocks - free, available)
  return item
}

function wholeMiB(bytes: number): number | null {
  const size = Math.floor(bytes / 2 ** 20)
  return Number.isSafeInteger(size) ? size : null
}

/** As df(1): what root alone may use counts as neither used nor available. */
function usedPercent(used: number, available: number): number | null {
  if (used < 0 || available < 0 || used + available === 0) return null
  return oneDecimal((used / (used + available)) * 100)
}

function oncePerFilesystem(mounts: readonly Mount[]): Mount[] {
  const chosen = new Map<string, Mount>()
  for (const mount of mounts) {
    const rival = chosen.get(mount.filesystem)
    if (rival === undefined || isShorter(mount.mountPoint, rival.mountPoint)) chosen.set(mount.filesystem, mount)
  }
  return [...chosen.values()]
}

function isShorter(path: string, than: string): boolean {
  return path.length < than.length || (path.length === than.length && path < than)
}

interface Size {
  readonly blockSize: number | undefined
  readonly blocks: number | undefined
  readonly free: number | undefined
  readonly available: number | undefined
}

function sizesOf(statfs: Material & { readonly text: string }): Map<string, Size> {
  const sizes = new Map<string, Size>()
  for (const line of statfs.text.split("\n")) {
    const [blockSize, blocks, free, available, mountPoint] = line.split(" ")
    if (mountPoint !== undefined)
      sizes.set(mountPoint, {
        blockSize: blocksOf(blockSize),
        blocks: blocksOf(blocks),
        free: blocksOf(free),
        available: blocksOf(available),
      })
  }
  return sizes
}

/** Beyond 2^53 the last digits do not matter here. */
function blocksOf(digits: string | undefined): number | undefined {
  return digits !== undefined && /^\d{1,20}$/.test(digits) ? Number(digits) : undefined
}
