/** What a machine listens on, and who does. Sockets that one would call the same (IPv4 and IPv6, one for each worker) are one item. */
import type { Json, JsonObject } from "#kernel/json.js"
import type { Facts } from "./answer.js"
import { type BoundSocket, boundSockets, isWildcard } from "./bound-sockets.js"
import type { Materials } from "./material.js"
import { type Owner, type Owners, ownersOf } from "./owners.js"
import { userNames } from "./users.js"

export function socketsFacts(materials: Materials): Facts {
  const sockets = boundSockets(materials)
  if ("why" in sockets) return { fields: undefined, notLooked: { "/sockets": sockets.why } }
  const owners = ownersOf(materials["socket-owners"])
  const nameOf = userNames(materials.passwd)
  const notLooked: Record<string, string> = {}
  const items: Record<string, JsonObject> = {}
  for (const [key, same] of byKey(sockets)) {
    const item: Record<string, Json> = { port: same[0].port, address: addressOf(same) }
    const owner = ownerOf(same, owners)
    if (owner !== null && "why" in owner) notLooked["/sockets/*/process"] = owner.why
    else item["process"] = owner?.name ?? null
    const user = nameOf(Math.min(...same.map(({ uid }) => uid)))
    if ("why" in user) notLooked["/sockets/*/user"] = user.why
    else item["user"] = user.value
    items[key] = item
  }
  return { fields: items, notLooked }
}

type NonEmpty<T> = [T, ...T[]]

function byKey(sockets: readonly BoundSocket[]): Map<string, NonEmpty<BoundSocket>> {
  const groups = new Map<string, NonEmpty<BoundSocket>>()
  for (const socket of sockets) {
    const group = groups.get(socket.key)
    if (group === undefined) groups.set(socket.key, [socket])
    else group.push(socket)
  }
  return groups
}

/** One bound to [::] takes IPv4 as well unless it asked not to, which /proc does not tell. */
function addressOf([first, ...others]: NonEmpty<BoundSocket>): string {
  if (!isWildcard(first.address)) return first.address
  return [first, ...others].some(({ address }) => address === "::") ? "*" : "0.0.0.0"
}

function ownerOf(sockets: readonly BoundSocket[], owners: Owners): ReturnType<Owners["of"]> {
  let lowest: Owner | null = null
  for (const socket of sockets) {
    const owner = owners.of(socket)
    if (owner === null) continue
    if ("why" in owner) return owner
    if (lowest === null || owner.pid < lowest.pid) lowest = owner
  }
  return lowest
}
