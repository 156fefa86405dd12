/**
 * Who holds the sockets that listen: every process has its open files in /proc/<pid>/fd, and a socket is named there by its inode.
 * Processes are asked in the order of their pids, until the first holder of each socket is found.
 */
import type { Material } from "../../facts/material.js"
import { isInInitialPids } from "./container.js"
import type { Files } from "./files.js"

/** Processes that are asked at once. */
const together = 16

/** The holders of the `wanted` inodes. */
export async function socketOwners(files: Files, wanted: ReadonlySet<string>): Promise<Material> {
  const found = await files.list("/proc")
  if (!("names" in found)) return found
  const pids = found.names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
  // The first process is always there; a mount with `hidepid` does not show those of others.
  let hidden = pids[0] === 1 ? undefined : "processes of other users are hidden"
  const holders = new Map<string, number>()
  for (let at = 0; at < pids.length && holders.size < wanted.size; at += together) {
    const batch = pids.slice(at, at + together)
    const held = await Promise.all(batch.map((pid) => socketsOf(files, pid, wanted)))
    held.forEach((inodes, index) => {
      if ("denied" in inodes) hidden ??= "permission denied to the open files of some processes"
      else if ("names" in inodes)
        for (const inode of inodes.names) if (!holders.has(inode)) holders.set(inode, batch[index] ?? 0)
    })
  }
  // A container can share its host's network without seeing the host's processes.
  if (holders.size < wanted.size && !(await isInInitialPids(files)))
    hidden ??= "processes outside the container are hidden"
  const lines: string[] = []
  for (const [inode, pid] of holders) {
    const words = await describe(files, pid)
    if (words !== undefined) lines.push([inode, pid, ...words].join("\t"))
  }
  return { text: lines.join("\n"), ...(hidden === undefined ? {} : { partial: hidden }) }
}

async function socketsOf(files: Files, pid: number, wanted: ReadonlySet<string>) {
  const open = await files.list(`/proc/${pid}/fd`)
  if (!("names" in open)) return open
  const inodes: string[] = []
  for (const descriptor of open.names) {
    const link = await files.link(`/proc/${pid}/fd/${descriptor}`)
    // A process that no debugger may attach to lists its files and keeps where they lead to itself.
    if ("denied" in link) return link
    const inode = "text" in link ? /^socket:\[(\d+)\]$/.exec(link.text)?.[1] : undefined
    if (inode !== undefined && wanted.has(inode)) inodes.push(inode)
  }
  return { names: inodes }
}

/** Effective user id, cgroup, executable and name; nothing when it has ended. */
async function describe(files: Files, pid: number): Promise<string[] | undefined> {
  // The owner of /proc/<pid> is root for a daemon that has changed its user; this is not.
  const status = await files.read(`/proc/${pid}/status`)
  const name = await files.read(`/proc/${pid}/comm`)
  const uid = "text" in status ? /^Uid:\t\d+\t(\d+)/m.exec(status.text)?.[1] : undefined
  if (uid === undefined || !("text" in name)) return undefined
  const groups = await files.read(`/proc/${pid}/cgroup`)
  const cgroup = "text" in groups ? /^(?:0:|\d+:name=systemd):(.*)$/m.exec(groups.text)?.[1] : undefined
  const executable = await files.link(`/proc/${pid}/exe`)
  const path = "text" in executable ? executable.text : "absent" in executable ? "-" : "?"
  return [uid, cgroup ?? "-", path, name.text.replace(/\n$/, "")].map(withoutSeparators)
}

/** A process may put a tab into its own name. */
function withoutSeparators(word: string): string {
  return word.replaceAll(/[\t\n]/g, "\uFFFD")
}
