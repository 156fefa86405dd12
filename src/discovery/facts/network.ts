/** Where a machine is on the network: its interfaces, its ways out and its name servers. */
import type { Json, JsonObject } from "#kernel/json.js"
import { type Facts, answer, factsOf } from "./answer.js"
import { foreignText } from "./foreign.js"
import { interfaces } from "./interfaces.js"
import type { Materials } from "./material.js"
import { routes } from "./routes.js"

export function networkFacts(materials: Materials): Facts {
  const notLooked = new Map<string, string>()
  const facts = factsOf("network", {
    interfaces: interfaces(materials, notLooked),
    routes: routes(materials),
    dns: answer(materials.resolv, nameServers),
  })
  const parts = [...notLooked].map(([field, why]) => [`/network/interfaces/*/${field}`, why])
  return { ...facts, notLooked: { ...facts.notLooked, ...Object.fromEntries(parts) } }
}

/** resolv.conf(5). */
function nameServers(text: string): JsonObject {
  const servers: Record<string, Json> = {}
  let order = 0
  for (const line of text.split("\n")) {
    const address = /^nameserver\s+([^\s#;]+)/.exec(line)?.[1]
    if (address === undefined) continue
    const key = `dns:${foreignText(address.toLowerCase())}`
    if (!Object.hasOwn(servers, key)) servers[key] = { order: ++order }
  }
  return servers
}
