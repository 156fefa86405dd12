/** Which cluster it is that answers, and whether what it says is what the cluster says. */
import { FleetError } from "#kernel/errors.js"
import { foreignText } from "../../facts/foreign.js"
import type { Client } from "./client.js"
import { page } from "./page.js"
import { clusterStatus } from "./pages.js"

export interface Cluster {
  /** Of the cluster, or of the node where there is none; undefined when it cannot be seen. */
  readonly name: string | undefined
  /** Why what it lists may not be all. */
  readonly doubt: string | undefined
  /** Of its nodes, by name. */
  readonly addresses: ReadonlyMap<string, string>
}

/**
 * @param wanted what it has to be called, if anybody said
 * @throws FleetError `SourceUnavailable` when it is another one
 */
export async function clusterOf(client: Client, wanted: string | undefined): Promise<Cluster> {
  const status = await page(client.get("/cluster/status", clusterStatus))
  if ("why" in status) {
    if (wanted !== undefined) throw wrong(`it cannot be seen whether it is the cluster "${wanted}": ${status.why}`)
    return { name: undefined, doubt: undefined, addresses: new Map() }
  }
  const cluster = status.value.find(({ type }) => type === "cluster")
  const nodes = status.value.filter(({ type }) => type === "node")
  const single = nodes.length === 1 ? nodes[0] : nodes.find(({ local }) => local === true)
  const name = (cluster ?? single)?.name
  if (name === undefined) throw wrong("it says that it has neither a cluster nor a node")
  if (wanted !== undefined && name !== wanted) throw wrong(`it is another cluster: "${name}" and not "${wanted}"`)
  const isAlone = cluster !== undefined && cluster.quorate !== true
  return {
    name: foreignText(name),
    doubt: isAlone ? "the cluster has no quorum: what this node knows may be old" : undefined,
    addresses: new Map(nodes.flatMap(({ name: node, ip }): [string, string][] => (ip ? [[node, ip]] : []))),
  }
}

function wrong(what: string): FleetError {
  return new FleetError("SourceUnavailable", foreignText(what))
}
