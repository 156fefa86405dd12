/**
 * Which process holds a socket. Only root sees everybody's, so "nobody holds it" and "who holds it could not be seen" are told apart:
 * an unprivileged look must never say what a privileged one would deny.
 */
import type { Answer, NotSeen } from "./answer.js"
import type { BoundSocket } from "./bound-sockets.js"
import { foreignCount, foreignLine, foreignText } from "./foreign.js"
import { type Material, linesOf } from "./material.js"

export interface Owner {
  readonly pid: number
  readonly uid: number
  /** The system's unit that it runs in, e.g. `nginx.service`. */
  readonly unit: string | undefined
  readonly executable: Answer
  /** What it calls itself (comm): 15 bytes at most. */
  readonly name: string
}

/** Why the owner could not be seen; `holder` is one that could, and may not be the first. */
export interface UnseenOwner extends NotSeen {
  readonly holder: Owner | undefined
}

export interface Owners {
  /** The owner with the lowest pid, `null` when there is none. */
  of(socket: BoundSocket): Owner | null | UnseenOwner
}

export function ownersOf(material: Material): Owners {
  const byInode = new Map<string, Owner>()
  for (const line of linesOf(material)) {
    const [inode = "", pidText, uidText, cgroup = "", executable = "", name] = line.split("\t")
    const [pid, uid] = [foreignCount(pidText), foreignCount(uidText)]
    if (pid === null || uid === null || name === undefined) continue
    const owner = {
      pid,
      uid,
      unit: unitOf(cgroup),
      executable: executableOf(executable),
      name: foreignText(name),
    }
    const rival = byInode.get(inode)
    if (rival === undefined || owner.pid < rival.pid) byInode.set(inode, owner)
  }
  const unseen = whyUnseen(material)
  return {
    of(socket) {
      const owner = byInode.get(socket.inode)
      if (unseen === undefined) return owner ?? null
      // Somebody else may have opened it and handed it down, and that process has the lower pid.
      return owner?.uid === socket.uid ? owner : { why: unseen, holder: owner }
    },
  }
}

function whyUnseen(material: Material): string | undefined {
  if ("text" in material) return material.partial
  return "denied" in material ? material.denied : "nobody looked at the processes"
}

/** The first service on the way down: below `user@1000.service` a user's own manager has units of the same names. */
function unitOf(cgroup: string): string | undefined {
  const unit = cgroup.split("/").find((segment) => segment.endsWith(".service"))
  return unit === undefined ? undefined : foreignText(unit)
}

/** The kernel appends " (deleted)" when an upgrade has replaced the file. */
function executableOf(path: string): Answer {
  if (path === "?") return { why: "permission denied" }
  return { value: path === "-" ? null : foreignLine(path.replace(/ \(deleted\)$/, "")) }
}
