/**
 * What `tailscale status --json` and the daemon's `/localapi/v0/status` say. Left out are nodes that others share, and the ways out that Mullvad sells:
 * they are no part of the fleet. Peers that access rules hide from this node are not there at all.
 */
import * as net from "node:net"
import * as z from "zod"
import { FleetError } from "#kernel/errors.js"
import type { Json, JsonObject } from "#kernel/json.js"
import { foreignLine, foreignNames, foreignText } from "../../facts/foreign.js"
import type { Look, Observation } from "../../observation.js"

/** Go leaves out what is empty, or writes null. */
const text = z.string().nullish()
const texts = z.array(z.string()).nullish()
const flag = z.boolean().nullish()

const node = z.object({
  ID: z.string().min(1),
  HostName: text,
  DNSName: text,
  OS: text,
  UserID: z.number().nullish(),
  TailscaleIPs: texts,
  Tags: texts,
  PrimaryRoutes: texts,
  KeyExpiry: text,
  Online: flag,
  ExitNodeOption: flag,
  ShareeNode: flag,
  AltSharerUserID: z.number().nullish(),
})
type Node = z.infer<typeof node>

const running = z.object({
  Self: node,
  Peer: z.record(z.string(), node).nullish(),
  User: z.record(z.string(), z.object({ LoginName: text })).nullish(),
  MagicDNSSuffix: text,
  CurrentTailnet: z.object({ Name: text }).nullish(),
})
type Status = z.infer<typeof running>

const backend = z.object({ BackendState: z.string() })

/** @throws FleetError `SourceUnavailable` when it says that Tailscale does not run, or is none of its answers */
export function tailnetLook(answer: string): Omit<Look, "observedAt"> {
  const said = parsed(answer)
  const state = backend.safeParse(said).data?.BackendState
  if (state !== "Running")
    throw unavailable(state === undefined ? "this is no status of its" : `it is not connected but "${state}"`)
  const status = running.safeParse(said)
  if (!status.success)
    throw unavailable(`"${status.error.issues[0]?.path.map(String).join(".")}" of its status is not as expected`)
  const { Self, Peer } = status.data
  const peers = Object.values(Peer ?? {}).filter((peer) => isOurs(peer, status.data))
  const observations = new Map([Self, ...peers].map((each) => [each.ID, targetOf(each, status.data)]))
  const isCurrent = Self.Online === true
  return {
    observations: [...observations.values()],
    coverage: {
      rights: foreignText(`node:${nameOf(Self)}`),
      looked: { identity: true, network: true, os: true, labels: true, tailnet: true },
      notLooked: isCurrent ? {} : { "/tailnet": "the control server is not reached: this is what it last said" },
      complete: { target: isCurrent, service: false },
    },
  }
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer) as unknown
  } catch {
    throw unavailable("its answer is not JSON")
  }
}

function unavailable(why: string): FleetError {
  return new FleetError("SourceUnavailable", foreignText(`Tailscale: ${why}`))
}

function isOurs({ DNSName, ShareeNode, AltSharerUserID, Tags }: Node, { MagicDNSSuffix }: Status): boolean {
  if (ShareeNode === true || (AltSharerUserID ?? 0) !== 0 || Tags?.includes("tag:mullvad-exit-node") === true)
    return false
  const name = domain(DNSName)
  return name === "" || !MagicDNSSuffix || name.endsWith(`.${MagicDNSSuffix}`)
}

function targetOf(peer: Node, status: Status): Observation {
  return {
    kind: "target",
    nativeKey: foreignText(peer.ID),
    facets: {
      identity: {
        name: foreignText(nameOf(peer)),
        hostname: foreignLine(peer.HostName ?? ""),
        fqdn: foreignLine(domain(peer.DNSName)),
      },
      network: { interfaces: { "if:tailscale0": { addresses: addressesOf(peer) } } },
      os: { name: foreignLine(peer.OS ?? "") },
      labels: { owner: ownerOf(peer, status), tags: tagsOf(peer) },
      tailnet: {
        name: foreignLine(status.CurrentTailnet?.Name ?? ""),
        keyExpires: time(peer.KeyExpiry),
        exitNode: peer.ExitNodeOption === true,
        routes: foreignNames("route", peer.PrimaryRoutes ?? []),
        online: peer.Online === true ? 1 : 0,
      },
    },
  }
}

/** Two nodes may have one host name; the first label of the other is their own. */
function nameOf({ DNSName, HostName, ID }: Node): string {
  return domain(DNSName).split(".")[0] || HostName || ID
}

/** Without the root's dot. */
function domain(name: string | null | undefined): string {
  return (name ?? "").replace(/\.$/, "")
}

/** A node with tags belongs to no user. */
function ownerOf({ UserID, Tags }: Node, { User }: Status): Json {
  if ((Tags ?? []).length > 0) return null
  const key = String(UserID)
  return foreignLine((User !== undefined && User !== null && Object.hasOwn(User, key) && User[key]?.LoginName) || "")
}

/** As Linux has them on the interface that Tailscale makes there. */
function addressesOf({ TailscaleIPs }: Node): JsonObject {
  const known = (TailscaleIPs ?? []).filter((address) => net.isIP(address) !== 0)
  return foreignNames(
    "ip",
    known.map((address) => `${address}/${net.isIPv4(address) ? 32 : 128}`),
  )
}

/** They begin with `tag:` already. */
function tagsOf({ Tags }: Node): JsonObject {
  return foreignNames(
    "tag",
    (Tags ?? []).map((tag) => tag.replace(/^tag:/, "")),
  )
}

/** Go's first moment is its way to say "never". */
function time(stamp: string | null | undefined): string | null {
  return stamp === undefined || stamp === null || stamp.startsWith("0001-") ? null : foreignLine(stamp)
}
