/** What a machine's own services show for themselves to whoever connects by TLS. */
import { X509Certificate } from "node:crypto"
import { instant } from "#kernel/clock.js"
import type { Json, JsonObject } from "#kernel/json.js"
import type { Facts } from "./answer.js"
import { foreignLine, foreignText } from "./foreign.js"
import type { Materials } from "./material.js"

/** Where TLS is spoken from the first byte: the web, mail, directories, Docker, Kubernetes, Proxmox VE, Portainer. */
export const certificatePorts = [443, 465, 636, 993, 995, 2376, 5001, 6443, 8006, 8443, 9443] as const

export function certificatesFacts({ certificates }: Materials): Facts {
  if (!("text" in certificates)) {
    const why = "denied" in certificates ? certificates.denied : "nothing to ask"
    return { fields: undefined, notLooked: { "/certificates": why } }
  }
  const fields: Record<string, JsonObject> = {}
  const notLooked: Record<string, string> = {}
  for (const [, port = "", shown = ""] of certificates.text.matchAll(
    /^(\d{1,5})( \?|\n-----BEGIN [^]*?\n-----END .*)$/gm,
  )) {
    const certificate = shown === " ?" ? undefined : parsed(shown.slice(1))
    if (certificate === undefined) notLooked["/certificates/*"] = "a service did not show a whole certificate in time"
    // What is known of it stays so.
    fields[`cert:${port}`] =
      certificate === undefined ? {} : { ...described(certificate), ...spoken(certificates.text, port) }
  }
  return { fields, notLooked }
}

const versions: ReadonlySet<string> = new Set(["1.0", "1.1", "1.2", "1.3"])

/** Nothing of versions that whoever asks does not speak. */
function spoken(text: string, port: string): JsonObject {
  const said = [...text.matchAll(/^tls (\d{1,5}) (\S+) (yes|no)$/gm)]
  const own = said.filter(([, at, version = ""]) => at === port && versions.has(version))
  if (own.length === 0) return {}
  return {
    tls: Object.fromEntries(own.map(([, , version, answer]) => [`tls:${version}`, { spoken: answer === "yes" }])),
  }
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function described(certificate: X509Certificate): JsonObject {
  const { subject, issuer } = certificate
  return {
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    notAfter: momentOf(certificate.validTo),
    fingerprint: certificate.fingerprint256,
    names: namesOf(certificate),
    selfSigned: subject === issuer,
  }
}

/** One part a line, as Node prints a name; nothing for one without parts. */
function nameOf(name: string | undefined): string | null {
  return foreignLine((name ?? "").trim().replaceAll("\n", ", "))
}

/** A certificate may be made for times that no calendar has. */
function momentOf(time: string): Json {
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? null : instant(ms)
}

/** `DNS:example.org, IP Address:192.0.2.1`; in quotes what has commas or quotes in it. */
function namesOf({ subjectAltName }: X509Certificate): JsonObject {
  const names = (subjectAltName ?? "").matchAll(/(?:^|, )(?:DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g)
  return Object.fromEntries([...names].map(([, name = ""]) => [`name:${foreignText(name)}`, {}]))
}
