/** How TLS is spoken by checks, and what is made of the certificate that is shown. */
import * as fs from "node:fs/promises"
import type * as tls from "node:tls"
import type { TlsOptions } from "#config/checks.js"
import { type Instant, epochMs } from "#kernel/clock.js"
import { messageOf } from "#kernel/errors.js"

const dayMs = 86_400_000

/** @throws an error with a sentence where the file of authorities cannot be read */
export async function connectionOptions({ ca, serverName, verify }: TlsOptions = { verify: true }) {
  return {
    rejectUnauthorized: verify,
    ...(serverName !== undefined && { servername: serverName }),
    ...(ca !== undefined && { ca: await authorities(ca) }),
  }
}

/** The last moment of the validity of the certificate that was shown, in ms since the epoch; undefined where there was none. */
export function validUntil(socket: tls.TLSSocket): number | undefined {
  const { valid_to: end } = socket.getPeerCertificate()
  const ms = Date.parse(end ?? "")
  return Number.isNaN(ms) ? undefined : ms
}

/** A sentence where a certificate ends too soon. @param least days; undefined asks for nothing */
export function endsTooSoon(until: number | undefined, least: number | undefined, now: Instant): string | undefined {
  if (least === undefined) return undefined
  if (until === undefined) return "it shows no certificate"
  const days = Math.floor((until - epochMs(now)) / dayMs)
  if (days < 0) return "its certificate has expired"
  return days < least ? `its certificate is valid for ${days} more days, and ${least} are asked for` : undefined
}

async function authorities(file: string): Promise<string> {
  try {
    return await fs.readFile(file, "utf8")
  } catch (cause) {
    throw new Error(`the authorities in ${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
