/**
 * The log of tasks that a node keeps: who started what on which guest, and when that ended. A task accounts for a change that it is known to bring about, and
 * for no other: most settings are changed without a task, and a clone's names only the guest that was copied.
 */
import { type Instant, instant } from "#kernel/clock.js"
import type { Json } from "#kernel/json.js"
import type { FieldChange } from "#kernel/patch.js"
import { foreignText } from "../../facts/foreign.js"
import type { Cause } from "../../observation.js"
import type { Task } from "./pages.js"

type Did = Cause["did"]

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

/** @param of what it was done to, by native key, and what it may have changed there; undefined when it is not known to change anything */
function doingOf({
  type,
  id,
  node,
}: Task): { readonly of: readonly string[]; readonly did: readonly Did[] } | undefined {
  if (type === "aptupdate") return { of: [`node/${node}`], did: [sets("/updates/pending")] }
  if (!/^\d{1,9}$/.test(id)) return undefined
  if (type === "resize" || type === "move_volume") return { of: [`qemu/${id}`, `lxc/${id}`], did: [disks] }
  const [, tool = "", what = ""] = /^(qm|vz)(.+)$/.exec(type === "qmigrate" ? "qmmigrate" : type) ?? []
  const did = Object.hasOwn(ofGuests, what) ? ofGuests[what] : undefined
  return did && { of: [tool === "qm" ? `qemu/${id}` : `lxc/${id}`], did }
}

/** What ended well, as what may account for changes. */
export function causesOf(tasks: readonly Task[]): Cause[] {
  return tasks.flatMap((task): Cause[] => {
    const [at, doing] = [timeOf(task), doingOf(task)]
    const endedWell = task.status === "OK" || task.status?.startsWith("WARNINGS") === true
    if (at === undefined || doing === undefined || !endedWell) return []
    const by = foreignText(task.tokenid == null ? task.user : `${task.user}!${task.tokenid}`)
    const reason = foreignText(`${task.type} ${task.upid}`)
    const did: Did = (change) => {
      const said = doing.did.map((each) => each(change)).filter((each) => each !== undefined)
      return said.length === 0 ? undefined : said.includes(true)
    }
    const begins = /^(?:qm|vz)create$/.test(task.type)
    return doing.of.map((key) => ({ kind: "target", nativeKey: foreignText(key), by, reason, at, begins, did }))
  })
}

/** Up to the year 9999. */
function timeOf({ endtime }: Task): Instant | undefined {
  return endtime != null && endtime > 0 && endtime < 253_402_300_800 ? instant(Math.floor(endtime * 1_000)) : undefined
}
