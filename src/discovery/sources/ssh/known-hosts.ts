/**
 * Who a host is known to be: the lines of known_hosts, understood as OpenSSH does, and its verdict on a key that is offered. Only a key that is
 * written down is trusted. Certificates are not understood, so a line for an authority trusts nobody.
 */
import * as crypto from "node:crypto"
import { matchesList } from "#kernel/patterns.js"

export interface KnownHost {
  readonly marker: "revoked" | "cert-authority" | undefined
  readonly isFor: (name: string) => boolean
  readonly key: HostKey
}

export interface HostKey {
  /** As `ssh-ed25519`. */
  readonly type: string
  readonly blob: Buffer
}

export type Verdict =
  | { readonly is: "trusted" | "revoked" | "unknown" }
  | { readonly is: "changed"; readonly known: readonly string[] }

/** What is no line of known_hosts is left out. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split("\n").flatMap((line) => {
    const words = line.trim().split(/[ \t]+/)
    const marker = words[0]?.startsWith("@") === true ? words.shift() : undefined
    const [names = "", type = "", encoded = ""] = words
    if (names.startsWith("#") || (marker !== undefined && marker !== "@revoked" && marker !== "@cert-authority"))
      return []
    const key = hostKey(Buffer.from(encoded, "base64"))
    if (key === undefined || key.type !== type) return []
    return [{ marker: marker?.slice(1) as KnownHost["marker"], isFor: namesOf(names), key }]
  })
}

/** A key that was trusted elsewhere, for exactly this name. @param key as `ssh-ed25519 AAAA…` */
export function knownHost(name: string, key: string): readonly KnownHost[] {
  return parseKnownHosts(`* ${key}`).map((known) => ({ ...known, isFor: (other: string) => other === name }))
}

/** The name under which a host's key is written down. @param alias HostKeyAlias, which stands for host and port */
export function knownName(host: string, port: number, alias?: string): string {
  if (alias !== undefined) return alias.toLowerCase()
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** @param name as `knownName` has it; what is known without a port holds for every port, unless something is known with this one */
export function judge(known: readonly KnownHost[], name: string, offered: HostKey): Verdict {
  const isOffered = ({ key }: KnownHost) => key.blob.equals(offered.blob)
  const names = withoutPort(name) === name ? [name] : [name, withoutPort(name)]
  if (known.some((host) => host.marker === "revoked" && isOffered(host) && names.some(host.isFor)))
    return { is: "revoked" }
  const [here = [], elsewhere = []] = names.map((each) => keysOf(known, each))
  if (here.some(isOffered) || (here.length === 0 && elsewhere.some(isOffered))) return { is: "trusted" }
  if (here.length === 0) return { is: "unknown" }
  return { is: "changed", known: here.map(({ key }) => fingerprint(key)) }
}

/**
 * The algorithms by which a host may prove its key, those first for which a key is known: it might have others as well, and an unknown one of these would be
 * taken for a change.
 */
export function hostKeyAlgorithms(known: readonly KnownHost[], name: string): readonly string[] {
  const types = new Set([name, withoutPort(name)].flatMap((each) => keysOf(known, each)).map(({ key }) => key.type))
  const isKnown = ([type]: readonly [string, readonly string[]]) => types.has(type)
  const all = Object.entries(algorithmsOf)
  return [...all.filter(isKnown), ...all.filter((entry) => !isKnown(entry))].flatMap(([, algorithms]) => algorithms)
}

/** Which algorithms prove which type of key. SHA-1 is none of them. */
export const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
}

/** A key as it is sent: its type, with its length in front, and what belongs to that type. */
export function hostKey(blob: Buffer): HostKey | undefined {
  if (blob.length < 4) return undefined
  const end = 4 + blob.readUInt32BE(0)
  return end < blob.length ? { type: blob.toString("latin1", 4, end), blob } : undefined
}

/** As OpenSSH prints it. */
export function fingerprint({ blob }: HostKey): string {
  return `SHA256:${crypto.createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`
}

/** As known_hosts has it. */
export function keyText({ type, blob }: HostKey): string {
  return `${type} ${blob.toString("base64")}`
}

function keysOf(known: readonly KnownHost[], name: string): readonly KnownHost[] {
  return known.filter(({ marker, isFor }) => marker === undefined && isFor(name))
}

function withoutPort(name: string): string {
  return /^\[(.*)\]:\d+$/.exec(name)?.[1] ?? name
}

function namesOf(names: string): (name: string) => boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(names) ?? []
  if (salt !== undefined && hash !== undefined) {
    const [key, expected] = [Buffer.from(salt, "base64"), Buffer.from(hash, "base64")]
    return (name) => crypto.createHmac("sha1", key).update(name).digest().equals(expected)
  }
  const patterns = names.toLowerCase().split(",")
  return (name) => matchesList(name, patterns)
}
