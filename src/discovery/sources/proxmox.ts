/**
 * A cluster of Proxmox VE, or a single node: its nodes and their guests, as its API has them. What the token may see is asked first, since the API answers
 * with an empty list where a right is missing; and which cluster answers, since the same numbers are other guests in another one. Who changed a
 * guest is in the nodes' logs of tasks.
 */
import pLimit from "p-limit"
import { type Clock, type Instant, systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { foreignText } from "../facts/foreign.js"
import type { Look, LookProgress, Source } from "../observation.js"
import { type Connection, connect } from "./proxmox/client.js"
import { clusterOf } from "./proxmox/cluster.js"
import { type Seen, conclusion } from "./proxmox/conclusion.js"
import { guestSight, keyOf } from "./proxmox/guest.js"
import { Kept } from "./proxmox/kept.js"
import { nodeSight } from "./proxmox/node.js"
import { resources } from "./proxmox/pages.js"
import { hidden, missingRight } from "./proxmox/rights.js"
import { type TaskLog, taskLog } from "./proxmox/task-log.js"

export interface ProxmoxOptions {
  /** `host` or `host:port` of nodes of the same cluster; the first that answers is asked. */
  readonly addresses: readonly string[]
  /** `USER@REALM!TOKENID`. */
  readonly token: string
  /** Where its secret is. */
  readonly secret: string
  /** PEM file of the authority that signed the nodes' certificates; the system's are trusted unless given. */
  readonly ca?: string | undefined
  /** SHA-256 of the nodes' certificates, instead of an authority. */
  readonly fingerprints?: readonly string[] | undefined
  /** What the cluster, or the single node, is called: another one is not looked at. */
  readonly cluster?: string | undefined
}

export interface ProxmoxDeps {
  readonly secret: (reference: string) => string
  readonly clock?: Clock
  /** How long an answer may take. */
  readonly patienceMs?: number
}

/** Machines that are asked about at once. */
const together = 8

/** @param name the name of the configured source; its look throws `SourceUnavailable` when it cannot be said who is there at all */
export function proxmoxSource(
  name: string,
  options: ProxmoxOptions,
  { secret, clock = systemClock, patienceMs }: ProxmoxDeps,
): Source {
  const kept = new Kept()
  let looked: Instant | undefined
  /** What is still asked when one answer ends the work is not wanted any more. */
  const connected = async <T>(signal: AbortSignal, work: (connection: Connection) => Promise<T>): Promise<T> => {
    const ended = new AbortController()
    const wanted = AbortSignal.any([signal, ended.signal])
    const connection = await connect({ ...options, secret: secret(options.secret) }, wanted, patienceMs)
    try {
      return await work(connection)
    } finally {
      ended.abort()
      connection.client.close()
    }
  }
  return {
    name,
    kind: "proxmox",
    tellsApart: true,
    async look(signal: AbortSignal, progress?: LookProgress): Promise<Look> {
      signal.throwIfAborted()
      const observedAt = clock.now()
      const found = await connected(signal, (connection) =>
        lookAround({ ...connection, options, kept, observedAt, looked }, progress),
      )
      looked = observedAt
      return { observedAt, ...found }
    },
    async whyUnseen(nativeKeys, signal) {
      try {
        return await connected(signal, ({ client }) => hidden(client, nativeKeys))
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof FleetError)) throw error
        return new Map(nativeKeys.map((key) => [key, error.message]))
      }
    },
  }
}

interface Looking extends Connection {
  readonly options: ProxmoxOptions
  readonly kept: Kept
  readonly observedAt: Instant
  /** The time of the look before, if this process had one. */
  readonly looked: Instant | undefined
}

async function lookAround(
  { client, permissions, options, kept, observedAt, looked }: Looking,
  progress?: LookProgress,
): Promise<Omit<Look, "observedAt">> {
  const { name: cluster, doubt, addresses } = await clusterOf(client, options.cluster)
  const { nodes, guests, storages } = await client.get("/cluster/resources", resources)
  kept.keepOnly(new Set(guests.map(keyOf)))
  const noStorage = missingRight("storage", permissions)
  const online = new Set(nodes.filter(({ status }) => status === "online").map(({ node }) => node))
  const ofNodes = nodes.map((node) => {
    const own = noStorage === undefined ? storages.filter((storage) => storage.node === node.node) : undefined
    const sight = () => nodeSight(client, node, { cluster, address: addresses.get(node.node), storages: own })
    return { key: foreignText(`node/${node.node}`), node: node.node, sight }
  })
  const ofGuests = guests.map((guest) => {
    const sight = () => guestSight(client, guest, { cluster, isNodeOnline: online.has(guest.node), kept })
    return { key: keyOf(guest), node: guest.node, sight }
  })
  const all = [...ofNodes, ...ofGuests]
  let done = 0
  const limit = pLimit(together)
  const seen = await Promise.all(
    all.map(({ key, node, sight }) =>
      limit(async (): Promise<Seen> => {
        const found = { key, sight: await sight(), answers: online.has(node) }
        progress?.(++done, all.length, key)
        return found
      }),
    ),
  )
  const noNode = missingRight("nodes", permissions)
  // After what they may have changed was looked at: what had ended by then is in them.
  const log: TaskLog =
    noNode === undefined ? await taskLog(client, [...online], looked ?? observedAt) : { causes: [], why: noNode }
  const doubts = [
    missingRight("guests", permissions),
    noNode,
    doubt,
    nodes.length === 0 ? "no node is listed, not even the one that answers" : undefined,
  ]
  const reach = { doubts: doubts.filter((why) => why !== undefined), noStorage, noCauses: log.why }
  return { ...conclusion(seen, { token: options.token, ...reach }), causes: log.causes }
}
