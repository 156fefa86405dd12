/**
 * A cluster of Proxmox VE, or a single node: its nodes and their guests, as its API has them. What the token may see is asked first, since the API answers
 * with an empty list where a right is missing; and which cluster answers, since the same numbers are other guests in another one. Who changed a
 * guest, and why, is in the cluster's log of tasks, which is not read yet.
 */
import pLimit from "p-limit"
import { type Clock, systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { FailedTarget, TargetsCoverage } from "#events/source.js"
import { grouped, inOrder } from "../coverage.js"
import { foreignText } from "../facts/foreign.js"
import type { Look, LookProgress, Observation, Source } from "../observation.js"
import { type Client, connect } from "./proxmox/client.js"
import { clusterOf } from "./proxmox/cluster.js"
import { guestSight, keyOf } from "./proxmox/guest.js"
import { Kept } from "./proxmox/kept.js"
import { nodeSight } from "./proxmox/node.js"
import type { Sight } from "./proxmox/page.js"
import { type Permissions, resources } from "./proxmox/pages.js"
import { missingRight } from "./proxmox/rights.js"

export interface ProxmoxOptions {
  /** `host` or `host:port` of nodes of the same cluster; the first that answers is asked. */
  readonly addresses: readonly string[]
  /** `USER@REALM!TOKENID`. */
  readonly token: string
  /** Where its secret is. */
  readonly secret: string
  /** PEM file of the authority that signed the nodes' certificates; the system's are trusted unless given. */
  readonly ca?: string
  /** SHA-256 of the nodes' certificates, instead of an authority. */
  readonly fingerprints?: readonly string[]
  /** What the cluster, or the single node, is called: another one is not looked at. */
  readonly cluster?: string
}

export interface ProxmoxDeps {
  readonly secret: (reference: string) => string
  readonly clock?: Clock
}

/** Machines that are asked about at once. */
const together = 8

/** @param name the name of the configured source; its look throws `SourceUnavailable` when it cannot be said who is there at all */
export function proxmoxSource(
  name: string,
  options: ProxmoxOptions,
  { secret, clock = systemClock }: ProxmoxDeps,
): Source {
  const kept = new Kept()
  return {
    name,
    kind: "proxmox",
    async look(signal: AbortSignal, progress?: LookProgress): Promise<Look> {
      signal.throwIfAborted()
      const observedAt = clock.now()
      // What is still asked when one answer ends the look is not wanted any more.
      const ended = new AbortController()
      const wanted = AbortSignal.any([signal, ended.signal])
      const { client, permissions } = await connect({ ...options, secret: secret(options.secret) }, wanted)
      try {
        return { observedAt, ...(await lookAround(client, permissions, options, kept, progress)) }
      } finally {
        ended.abort()
        client.close()
      }
    },
  }
}

async function lookAround(
  client: Client,
  permissions: Permissions,
  options: ProxmoxOptions,
  kept: Kept,
  progress?: LookProgress,
): Promise<Omit<Look, "observedAt">> {
  const cluster = await clusterOf(client)
  if (options.cluster !== undefined && cluster.name !== options.cluster)
    throw new FleetError("SourceUnavailable", foreignText(otherCluster(options.cluster, cluster.name, cluster.why)))
  const { nodes, guests, storages } = await client.get("/cluster/resources", resources)
  const isOnline = new Map(nodes.map(({ node, status }) => [node, status === "online"]))
  const noStorage = missingRight("storage", permissions)
  const named = cluster.name === undefined ? undefined : foreignText(cluster.name)
  kept.keepOnly(new Set(guests.map(keyOf)))

  const failed: FailedTarget[] = []
  const looks = [
    ...nodes.map((node) => ({
      key: foreignText(`node/${node.node}`),
      isOnline: node.status === "online",
      sight: () =>
        nodeSight(client, node, {
          cluster: named,
          address: cluster.addresses.get(node.node),
          storages: noStorage === undefined ? storages.filter((storage) => storage.node === node.node) : undefined,
        }),
    })),
    ...guests.map((guest) => {
      const isNodeOnline = isOnline.get(guest.node) ?? false
      const sight = () => guestSight(client, guest, { cluster: named, isNodeOnline, kept })
      return { key: keyOf(guest), isOnline: isNodeOnline, sight }
    }),
  ]
  let done = 0
  const limit = pLimit(together)
  const seen = await Promise.all(
    looks.map(({ key, isOnline: answers, sight }) =>
      limit(async () => {
        if (!answers) failed.push({ target: key, code: "SourceUnavailable", message: "the node is not online" })
        const found = await sight()
        progress?.(++done, looks.length, key)
        return [key, found] as const
      }),
    ),
  )
  const lacking = [missingRight("guests", permissions), missingRight("nodes", permissions), cluster.doubt]
  return conclusion(
    new Map(seen),
    failed,
    lacking.filter((why) => why !== undefined),
    noStorage,
    options.token,
  )
}

function otherCluster(wanted: string, name: string | undefined, why: string | undefined): string {
  if (name === undefined) return `it cannot be seen whether it is the cluster "${wanted}": ${why}`
  return `it is another cluster: "${name}" and not "${wanted}"`
}

function conclusion(
  seen: ReadonlyMap<string, Sight>,
  failed: readonly FailedTarget[],
  lacking: readonly string[],
  noStorage: string | undefined,
  token: string,
): Omit<Look, "observedAt"> {
  const rights = foreignText(`token:${token}`)
  const observations: Observation[] = []
  const each = new Map<string, Omit<TargetsCoverage, "targets">>()
  const all: Record<string, true> = {}
  // The API lists them in any order.
  for (const [nativeKey, { facets, notLooked }] of [...seen].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    observations.push({ kind: "target", nativeKey, facets })
    const looked = Object.fromEntries(Object.keys(facets).map((facet) => [facet, true as const]))
    Object.assign(all, looked)
    each.set(nativeKey, { rights, looked, notLooked, complete: { service: false } })
  }
  const notLooked = {
    ...(lacking.length === 0 ? {} : { "/target": lacking.join("; ") }),
    ...(noStorage === undefined ? {} : { "/storage": noStorage }),
  }
  const complete = { target: lacking.length === 0, service: false }
  const targets = grouped(each)
  return {
    observations,
    coverage: {
      rights,
      looked: all,
      notLooked,
      complete,
      ...(targets.length > 0 ? { targets } : {}),
      ...(failed.length > 0 ? { failed: inOrder(failed) } : {}),
    },
  }
}
