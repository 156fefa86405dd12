/**
 * The kernel's tables of sockets together with who holds them. The two cannot be read at one instant: a socket that nobody holds has
 * either no holder or was closed in between, and a second reading of the tables tells which.
 */
import { type SocketTables, boundSockets } from "../../facts/bound-sockets.js"
import type { Material } from "../../facts/material.js"
import type { Files } from "./files.js"
import { socketOwners } from "./owners.js"

const attempts = 3

export async function sockets(files: Files): Promise<SocketTables & { readonly "socket-owners": Material }> {
  for (let attempt = 1; ; attempt++) {
    const tables = await socketTables(files)
    const wanted = inodesOf(tables)
    const owners = await socketOwners(files, wanted)
    const unheld = unheldOf(wanted, owners)
    // Where owners are hidden, nothing follows from not finding one.
    const hidden = !("text" in owners) || owners.partial !== undefined
    if (hidden || unheld.length === 0 || attempt === attempts) return { ...tables, "socket-owners": owners }
    const still = inodesOf(await socketTables(files))
    if (unheld.every((inode) => still.has(inode))) return { ...tables, "socket-owners": owners }
  }
}

async function socketTables(files: Files): Promise<SocketTables> {
  return {
    tcp: await files.read("/proc/net/tcp"),
    tcp6: await files.read("/proc/net/tcp6"),
    udp: await files.read("/proc/net/udp"),
    udp6: await files.read("/proc/net/udp6"),
    "port-range": await files.read("/proc/sys/net/ipv4/ip_local_port_range"),
  }
}

function inodesOf(tables: SocketTables): ReadonlySet<string> {
  const bound = boundSockets(tables)
  return new Set("why" in bound ? [] : bound.map(({ inode }) => inode))
}

function unheldOf(wanted: ReadonlySet<string>, owners: Material): string[] {
  const held = new Set("text" in owners ? owners.text.split("\n").map((line) => line.split("\t")[0]) : [])
  return [...wanted].filter((inode) => !held.has(inode))
}
