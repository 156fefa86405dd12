/**
 * What makes it easier for those who mean a machine harm, by what its document says and what the clock makes of it: each with the field that it rests on. Pure; what nobody has
 * looked at is no finding, and no all-clear.
 */
import type { ServiceDocument } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { Severity } from "#events/severity.js"
import { type Instant, epochMs } from "#kernel/clock.js"
import { escapeKey } from "#kernel/pointer.js"

export const findingRules = [
  "open-without-firewall",
  "certificate-ended",
  "certificate-ending",
  "self-signed-certificate",
  "old-tls",
  "sshd-setting",
  "host-key-changed",
  "security-updates",
  "vulnerabilities",
  "reboot-required",
  "readable-key",
  "audit-stopped",
  "selinux-permissive",
  "privileged-container",
  "docker-socket",
  "moving-tag",
  "mutable-tag",
] as const
export type FindingRule = (typeof findingRules)[number]

export interface Finding {
  readonly rule: FindingRule
  readonly severity: Severity
  /** A sentence for a person. */
  readonly fact: string
  /** The field that it rests on: a pointer into the entity's document. */
  readonly path: string
}

/** The facets that findings of a machine rest on. */
export const findingFacets = ["access", "certificates", "security", "sockets", "updates"] as const

/** @param certificateMs within which a certificate is about to end */
export function findingsOfTarget(
  document: Partial<TargetDocument>,
  time: Instant,
  certificateMs: number,
): readonly Finding[] {
  return [
    ...open(document),
    ...certificates(document, time, certificateMs),
    ...sshd(document),
    ...hostKey(document),
    ...updates(document),
    ...vulnerabilities(document),
    ...watched(document),
  ]
}

export function findingsOfService({ container }: Partial<ServiceDocument>): readonly Finding[] {
  const found: Finding[] = []
  if (container?.privileged === true) {
    const fact = "it is privileged: whoever breaks out of it is root on its machine"
    found.push({ rule: "privileged-container", severity: "critical", fact, path: "/container/privileged" })
  }
  for (const [key, { source }] of Object.entries(container?.mounts ?? {})) {
    if (source?.endsWith("/docker.sock") !== true) continue
    const fact = `it holds the engine's socket (${source}), so it can do what root can, even where it may only read the file`
    found.push({
      rule: "docker-socket",
      severity: "critical",
      fact,
      path: `/container/mounts/${escapeKey(key)}`,
    })
  }
  return [...found, ...tag(container?.image)]
}

const everybody: ReadonlySet<string | null | undefined> = new Set(["*", "0.0.0.0", "::"])

/** Only where somebody has looked for a firewall, and found none. */
function open({ security, sockets }: Partial<TargetDocument>): Finding[] {
  if (security?.firewall !== null) return []
  return Object.entries(sockets ?? {})
    .filter(([, { address }]) => everybody.has(address))
    .map(([key, { process }]) => {
      const fact = `${process ?? "something"} listens to everybody at ${key}, and nothing filters what comes in`
      return { rule: "open-without-firewall", severity: "warning", fact, path: `/sockets/${escapeKey(key)}` }
    })
}

function certificates({ certificates: held }: Partial<TargetDocument>, time: Instant, withinMs: number): Finding[] {
  return Object.entries(held ?? {}).flatMap(([key, { notAfter, selfSigned, tls }]) => {
    const [path, port] = [`/certificates/${escapeKey(key)}`, key.slice("cert:".length)]
    const found: Finding[] = []
    const leftMs = Date.parse(notAfter ?? "") - epochMs(time)
    if (leftMs < 0) {
      const fact = `the certificate at ${port} ended ${notAfter}`
      found.push({ rule: "certificate-ended", severity: "critical", fact, path })
    } else if (leftMs <= withinMs) {
      const fact = `the certificate at ${port} ends ${notAfter}`
      found.push({ rule: "certificate-ending", severity: "warning", fact, path })
    }
    if (selfSigned === true) {
      const fact = `the certificate at ${port} is signed by itself: nobody can tell it from another's`
      found.push({ rule: "self-signed-certificate", severity: "notice", fact, path })
    }
    const old = ["1.0", "1.1"].filter((version) => tls?.[`tls:${version}`]?.spoken === true)
    if (old.length > 0) {
      const fact = `TLS ${old.join(" and ")} ${old.length === 1 ? "is" : "are"} spoken at ${port}: known to be weak, and kept for clients of long ago`
      found.push({ rule: "old-tls", severity: "warning", fact, path })
    }
    return found
  })
}

/** Settings as sshd understands its files, where they have a value that invites. */
const inviting: readonly (readonly [setting: string, value: string, severity: Severity, fact: string])[] = [
  ["permitemptypasswords", "yes", "critical", "sshd takes empty passwords"],
  ["permitrootlogin", "yes", "warning", "sshd lets root log in with a password"],
  ["passwordauthentication", "yes", "warning", "sshd takes passwords, which can be guessed"],
  ["x11forwarding", "yes", "notice", "sshd forwards X11, which lets a server reach the screen of who logs in"],
]

function sshd({ security }: Partial<TargetDocument>): Finding[] {
  return inviting
    .filter(([setting, value]) => security?.sshd?.[`sshd:${setting}`]?.value === value)
    .map(([setting, , severity, fact]) => {
      return { rule: "sshd-setting", severity, fact, path: `/security/sshd/sshd:${setting}` }
    })
}

function hostKey({ access }: Partial<TargetDocument>): Finding[] {
  if ((access?.offeredHostKey ?? null) === null) return []
  const fact = "it shows another host key than the one that is trusted: it was made anew, or somebody stands in between"
  return [{ rule: "host-key-changed", severity: "critical", fact, path: "/access/offeredHostKey" }]
}

function updates({ updates: held }: Partial<TargetDocument>): Finding[] {
  const found: Finding[] = []
  const pending = Object.values(held?.pending ?? {}).filter(({ security }) => security === true).length
  if (pending > 0) {
    const fact = `${pending === 1 ? "1 security update is" : `${pending} security updates are`} pending`
    found.push({ rule: "security-updates", severity: "warning", fact, path: "/updates/pending" })
  }
  if (held?.rebootRequired === true) {
    const fact = "what was installed is not in force before it boots"
    found.push({ rule: "reboot-required", severity: "notice", fact, path: "/updates/rebootRequired" })
  }
  return found
}

function vulnerabilities({ security }: Partial<TargetDocument>): Finding[] {
  return Object.entries(security?.vulnerabilities ?? {}).flatMap(([scanner, counts]): Finding[] => {
    const [critical, high] = [counts?.critical ?? 0, counts?.high ?? 0]
    if (critical + high === 0) return []
    const fact = `${scanner} knows of ${critical} critical and ${high} high vulnerabilities`
    const path = `/security/vulnerabilities/${scanner}`
    return [{ rule: "vulnerabilities", severity: critical > 0 ? "critical" : "warning", fact, path }]
  })
}

function watched({ security }: Partial<TargetDocument>): Finding[] {
  const found: Finding[] = Object.keys(security?.readableKeys ?? {}).map((key) => {
    const fact = `anybody on it may read the private key ${key.slice("key:".length)}`
    return { rule: "readable-key", severity: "critical", fact, path: `/security/readableKeys/${escapeKey(key)}` }
  })
  if (security?.auditd === "stopped") {
    const fact = "the audit daemon is stopped"
    found.push({ rule: "audit-stopped", severity: "notice", fact, path: "/security/auditd" })
  }
  if (security?.selinux === "permissive") {
    const fact = "SELinux tells of what it would forbid, and forbids nothing"
    found.push({ rule: "selinux-permissive", severity: "notice", fact, path: "/security/selinux" })
  }
  return found
}

/** By a digest, the same is run again; by `latest` or no tag whatever is newest; by any other tag what whoever pushes it says. */
function tag(image: string | null | undefined): Finding[] {
  if (typeof image !== "string" || image.includes("sha256:")) return []
  const [, version] = image.slice(image.lastIndexOf("/") + 1).split(":")
  const path = "/container/image"
  if (version === undefined || version === "latest") {
    const fact = `its image ${image} is whatever is newest when it is pulled`
    return [{ rule: "moving-tag", severity: "warning", fact, path }]
  }
  const fact = `its image ${image} may be another one under the same tag: only a digest says which`
  return [{ rule: "mutable-tag", severity: "info", fact, path }]
}
