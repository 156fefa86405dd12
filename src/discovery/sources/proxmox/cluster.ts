/** Which cluster it is that answers, and whether what it says is what the cluster says. */
import { FleetError } from "#kernel/errors.js"
import type { Client } from "./client.js"
import { page } from "./page.js"
import { clusterStatus } from "./pages.js"

export interface Cluster {
  /** Of the cluster, or of the node where there is none; undefined when it cannot be seen. */
  readonly name: string | undefined
  readonly why?: string
  /** Why what it lists may not be all. */
  readonly doubt: string | undefined
  /** Of its nodes, by name. */
  readonly addresses: ReadonlyMap<string, string>
}

export async function clusterOf(client: Client): Promise<Cluster> {
  const status = await page(client.get("/cluster/status", clusterStatus))
  if ("why" in status) return { name: undefined, why: status.why, doubt: undefined, addresses: new Map() }
  const cluster = status.value.find(({ type }) => type === "cluster")
  const nodes = status.value.filter(({ type }) => type === "node")
  const single = nodes.length === 1 ? nodes[0] : nodes.find(({ local }) => local === true)
  const name = (cluster ?? single)?.name
  if (name === undefined) throw new FleetError("SourceUnavailable", "it says that it has neither a cluster nor a node")
  const addresses = nodes.flatMap(({ name: node, ip }): [string, string][] => (ip ? [[node, ip]] : []))
  const isAlone = cluster !== undefined && cluster.quorate !== true
  return {
    name,
    doubt: isAlone ? "the cluster has no quorum: what this node knows may be old" : undefined,
    addresses: new Map(addresses),
  }
}
