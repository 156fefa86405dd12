/**
 * The log of tasks that a node keeps: who started what on which guest, and when that ended. Most settings are changed without a
 * task, and a clone's names only the guest that was copied.
 */
import { type Instant, instant } from "#kernel/clock.js"
import { didBy, isKnownTask } from "../../accounts.js"
import { foreignText } from "../../facts/foreign.js"
import type { Cause } from "../../observation.js"
import type { Task } from "./pages.js"

/** Native keys of what it was done to; none where it is not known to change anything. */
function doneTo({ type, id, node }: Task): readonly string[] {
  if (!isKnownTask(type)) return []
  if (type === "aptupdate") return [`node/${node}`]
  if (!/^\d{1,9}$/.test(id)) return []
  if (type === "resize" || type === "move_volume") return [`qemu/${id}`, `lxc/${id}`]
  return [type.startsWith("vz") ? `lxc/${id}` : `qemu/${id}`]
}

/** What ended well, as what may account for changes. */
export function causesOf(tasks: readonly Task[]): Cause[] {
  return tasks.flatMap((task): Cause[] => {
    const at = timeOf(task)
    const endedWell = task.status === "OK" || task.status?.startsWith("WARNINGS") === true
    if (at === undefined || !endedWell) return []
    const by = foreignText(task.tokenid == null ? task.user : `${task.user}!${task.tokenid}`)
    const reason = foreignText(`${task.type} ${task.upid}`)
    const entry = { log: "tasks", task: task.type } as const
    const begins = /^(?:qm|vz)create$/.test(task.type)
    const did = didBy(entry)
    return doneTo(task).map((key) => ({
      kind: "target",
      nativeKey: foreignText(key),
      by,
      reason,
      at,
      begins,
      entry,
      did,
    }))
  })
}

/** Up to the year 9999. */
function timeOf({ endtime }: Task): Instant | undefined {
  return endtime != null && endtime > 0 && endtime < 253_402_300_800 ? instant(Math.floor(endtime * 1_000)) : undefined
}
