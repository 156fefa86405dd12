/** What went wrong on the way to a host, in one sentence that says what can be done about it. */
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Destination } from "./resolve.js"

export function unreachable(destination: Destination, cause: unknown): FleetError {
  if (cause instanceof FleetError) return cause
  return unavailable(destination, `${destination.alias} ${whatHappened(destination, cause)}`, cause)
}

export function unavailable({ alias }: { readonly alias: string }, sentence: string, cause?: unknown): FleetError {
  return new FleetError("SourceUnavailable", sentence, { details: { host: alias }, cause })
}

export function seconds(ms: number): string {
  return `${ms / 1000} s`
}

const commonGround = [
  ["key exchange", "curve25519-sha256 in KexAlgorithms; newer ones, such as post-quantum ones, are not supported here"],
  ["host key format", "an ed25519, ecdsa or rsa host key"],
  ["cipher", "aes256-gcm@openssh.com in Ciphers"],
  ["MAC", "hmac-sha2-256 in MACs"],
] as const

function whatHappened({ hostName, port }: Destination, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  switch (code) {
    case "ECONNREFUSED":
      return `refuses connections at ${hostName}, port ${port}: see whether sshd runs there`
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return `cannot be reached at ${hostName}: see whether it is up, and the network in between`
    case "ETIMEDOUT":
      return `does not answer at ${hostName}, port ${port}: see whether it is up, and firewalls in between`
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `cannot be found: there is no address for ${hostName}`
    default:
  }
  const message = messageOf(cause)
  const [missing, remedy] =
    commonGround.find(([what]) => message.includes(`no matching`) && message.includes(what)) ?? []
  if (missing !== undefined) return `has no ${missing} in common with this program: allow ${remedy}`
  if (code === "ECONNRESET" || code === "EPIPE" || /before handshake/.test(message))
    return "closed the connection before it said who it is: see what its sshd logs"
  return `cannot be talked to: ${message}`
}
