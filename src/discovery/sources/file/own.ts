/** Our own inventory: hosts, and what people know of them that no look would find. */
import * as net from "node:net"
import * as z from "zod"
import { targetFacets } from "#events/facets/target.js"
import { nearest } from "#kernel/nearest.js"
import { foreignNames, foreignText } from "../../facts/foreign.js"
import { type Inventory, type StatedHost, wrong } from "./stated.js"
import type { Yaml } from "./yaml.js"

const line = z.string().min(1).max(1_024)

const service = z.strictObject({
  name: z.string().min(1).max(253),
  /** TCP ports that it listens on. */
  ports: z.array(z.int().min(1).max(65_535)).default([]),
})

const host = z.strictObject({
  /** What it is called here, once; with its domain if it has one. */
  name: z.string().min(1).max(253),
  addresses: z.array(z.string().refine((text) => net.isIP(text) !== 0, "an IP address, without a prefix")).default([]),
  role: targetFacets.labels.shape.role.unwrap().unwrap().optional(),
  environment: line.optional(),
  description: line.optional(),
  owner: line.optional(),
  tags: z.array(line).default([]),
  services: z.array(service).default([]),
})

export const inventorySchema = z.strictObject({ hosts: z.array(host) })

/** @throws FleetError `SourceUnavailable` naming the line */
export function ownInventory(yaml: Yaml): Inventory {
  const result = inventorySchema.safeParse(yaml.value)
  if (!result.success) throw explained(result.error.issues, yaml)
  const lines = new Map<string, string>()
  const hosts = result.data.hosts.map((stated, i): StatedHost => {
    const at = yaml.at(["hosts", i])
    const before = lines.get(stated.name)
    if (before !== undefined) throw wrong(at, `there is another host "${stated.name}" at ${before}`)
    lines.set(stated.name, at)
    return stateOf(stated)
  })
  return { hosts, listsServices: true }
}

function stateOf({ name, addresses, services, tags, role, ...texts }: z.infer<typeof host>): StatedHost {
  const { environment, description, owner } = texts
  const said = (text: string | undefined) => (text === undefined ? null : foreignText(text))
  const labels = {
    role: role ?? null,
    environment: said(environment),
    description: said(description),
    owner: said(owner),
    tags: foreignNames("tag", tags),
  }
  return { name, addresses, services, labels }
}

/** The first thing that is wrong, in one sentence. */
function explained([issue]: readonly z.core.$ZodIssue[], yaml: Yaml): Error {
  const path = issue?.path ?? []
  const name = path.map(String).join(".") || "it"
  if (issue?.code !== "unrecognized_keys") return wrong(yaml.at(path), `"${name}" is wrong: ${issue?.message}`)
  const [key = ""] = issue.keys
  const known = path.length === 0 ? inventorySchema.shape : path.includes("services") ? service.shape : host.shape
  const near = nearest(key, Object.keys(known))
  return wrong(
    yaml.at([...path, key]),
    `there is no key "${key}"${near === undefined ? "" : `; did you mean "${near}"?`}`,
  )
}
