/** Which sockets listen, from the kernel's tables in /proc/net (proc_pid_net(5)). */
import type { NotSeen } from "./answer.js"
import { foreignCount } from "./foreign.js"
import { ipFromWords, ipv4FromHex } from "./ip.js"
import { type Materials, linesOf } from "./material.js"

export interface BoundSocket {
  readonly protocol: "tcp" | "udp"
  readonly address: string
  readonly port: number
  readonly uid: number
  readonly inode: string
  /** `tcp:22` on all addresses, `tcp:127.0.0.1:53` or `tcp:[::1]:631` on one. */
  readonly key: string
}

export type SocketTables = Pick<Materials, "tcp" | "tcp6" | "udp" | "udp6" | "port-range">

const listening = "0A"
/** UDP knows no listening: a socket without a peer is in the state of a closed one. */
const unconnected = "07"

/**
 * TCP that listens and UDP that is bound and takes from anybody, outside the range of ports that the kernel gives to whoever asks for any. In it UDP is
 * a client waiting for its answer, and what listens (a test's server, a container's port that the engine chose, containerd, rpc.statd) does so
 * on another port the next time, so that it would be news at every start. IPv6 may be switched off, so that it has no tables; IPv4 has them
 * always, and without them nothing can be said.
 */
export function boundSockets(tables: SocketTables): readonly BoundSocket[] | NotSeen {
  for (const name of ["tcp", "tcp6", "udp", "udp6", "port-range"] as const) {
    const table = tables[name]
    if ("denied" in table) return { why: table.denied }
    if ("absent" in table && !name.endsWith("6")) return { why: `no ${name} in /proc` }
  }
  const [first = null, last = null] = linesOf(tables["port-range"])[0]?.trim().split(/\s+/).map(foreignCount) ?? []
  if (first === null || last === null) return { why: "the range of ephemeral ports is not known" }
  return [
    ...socketsOf("tcp", linesOf(tables.tcp), listening),
    ...socketsOf("tcp", linesOf(tables.tcp6), listening),
    ...socketsOf("udp", linesOf(tables.udp), unconnected),
    ...socketsOf("udp", linesOf(tables.udp6), unconnected),
  ].filter(({ port }) => port < first || port > last)
}

export function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::"
}

/** `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …` */
function socketsOf(protocol: BoundSocket["protocol"], lines: readonly string[], state: string): BoundSocket[] {
  const sockets: BoundSocket[] = []
  for (const line of lines) {
    // A busy server has tens of thousands of connections and a handful of listeners.
    if (!line.includes(` ${state} `)) continue
    const [, local = "", , st, , , , user, , inode = ""] = line.trim().split(/\s+/)
    const [, hex = "", portHex = ""] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? []
    const port = Number.parseInt(portHex, 16)
    const uid = foreignCount(user)
    if (st !== state || !(port > 0) || uid === null) continue
    const address = hex.length === 8 ? ipv4FromHex(hex) : ipFromWords(hex)
    const key = `${protocol}:${place(address, port)}`
    sockets.push({ protocol, address, port, uid, inode, key })
  }
  return sockets
}

/** A port on an address as it stands in keys: alone when on all of them. */
export function place(address: string, port: number): string {
  if (isWildcard(address)) return `${port}`
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`
}
