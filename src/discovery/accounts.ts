/**
 * What entries of logs account for: whether a field is as it is now by what was done. An entry is data, so that it can be sent; a task accounts for a change that it is known to
 * bring about, and for no other.
 */
import * as z from "zod"
import { line } from "#events/facets/field.js"
import { type Json, isObject } from "#kernel/json.js"
import type { FieldChange } from "#kernel/patch.js"

/** Undefined when it has nothing to do with that field, false when it left the field otherwise. */
export type Did = (change: FieldChange) => boolean | undefined

export const logEntry = z.discriminatedUnion("log", [
  /** Of a package manager: each package, as it is called by us, with the version that it has after it; null where it is gone. */
  z.strictObject({ log: z.literal("packages"), after: z.record(line, line.nullable()) }),
  /** Of a Proxmox VE node: the type of a task, as it has it. */
  z.strictObject({ log: z.literal("tasks"), task: line }),
])
export type LogEntry = z.infer<typeof logEntry>

export function didBy(entry: LogEntry): Did {
  if (entry.log === "packages") {
    const packages = new Map(Object.entries(entry.after))
    return (change) => didTo(packages, change)
  }
  const parts = partsOf(entry.task) ?? []
  return (change) => {
    const said = parts.map((each) => each(change)).filter((each) => each !== undefined)
    return said.length === 0 ? undefined : said.includes(true)
  }
}

function didTo(packages: ReadonlyMap<string, string | null>, { path, after }: FieldChange): boolean | undefined {
  const [, name = "", inside = ""] = /^\/packages\/(pkg:[^/]*)(.*)$/s.exec(path) ?? []
  const version = packages.get(name)
  if (version === undefined) return undefined
  if (inside === "/version") return after === version
  return inside === "" && (isObject(after) ? after["version"] === version : version === null && after === null)
}

/** Changes the field: what it is then, is by this or by something that came later. */
function sets(path: string, isBy: (after: Json) => boolean = () => true): Did {
  return (change) => (isAt(change.path, path) ? isBy(change.after) : undefined)
}

function isAt(changed: string, path: string): boolean {
  return changed === path || changed.startsWith(`${path}/`)
}

const power = (...states: readonly string[]) => sets("/guest/power", (after) => states.some((state) => state === after))
/** A number may be given again at once: that one ended and that another began, each has its own task. */
const lifecycle = (...states: readonly string[]): Did => {
  return ({ path, after }) => (path === "/lifecycle" && states.some((state) => state === after) ? true : undefined)
}
const snapshots = (isBy: (change: FieldChange) => boolean): Did => {
  return (change) => (change.path.startsWith("/guest/snapshots/") && isBy(change) ? true : undefined)
}

const disks = sets("/guest/disks")
const settings = ["/guest/nics", "/guest/pending", "/hardware", "/network/interfaces"].map((path) => sets(path))
const asItWas = ["/guest", "/hardware", "/identity", "/labels", "/network"].map((path) => sets(path))
const starts = [power("running"), sets("/guest/pending"), sets("/hardware")]
const stops = [power("stopped")]

/** What they do, of virtual machines (`qm…`) and of containers (`vz…`). */
const ofGuests: Readonly<Record<string, readonly Did[]>> = {
  start: starts,
  resume: [power("running")],
  reboot: starts,
  reset: [power("running")],
  shutdown: stops,
  stop: stops,
  suspend: [power("paused", "suspended", "stopped")],
  pause: [power("paused")],
  create: [lifecycle("observed")],
  restore: [lifecycle("observed"), ...asItWas],
  destroy: [lifecycle("unseen", "retired")],
  migrate: [sets("/guest/node"), disks],
  config: [disks, ...settings],
  move: [disks],
  template: [sets("/guest/template"), disks],
  snapshot: [snapshots(({ before, after }) => before === null && after !== null)],
  // Those that were taken from it have another parent then.
  delsnapshot: [snapshots(({ path, after }) => after === null || path.endsWith("/parent"))],
  rollback: asItWas,
}

/** Undefined of a task that is not known to change anything. */
function partsOf(task: string): readonly Did[] | undefined {
  if (task === "aptupdate") return [sets("/updates/pending")]
  if (task === "resize" || task === "move_volume") return [disks]
  const [, what = ""] = /^(?:qm|vz)(.+)$/.exec(task === "qmigrate" ? "qmmigrate" : task) ?? []
  return Object.hasOwn(ofGuests, what) ? ofGuests[what] : undefined
}

/** Whether a task is known to change anything. */
export function isKnownTask(task: string): boolean {
  return partsOf(task) !== undefined
}
