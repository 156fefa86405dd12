/**
 * Who is asking. On the unix socket the file's permissions have decided; over TCP a bearer token or the session cookie says it, the Host header must
 * name this server (against DNS rebinding), and a browser that changes something must come from this page.
 */
import type { IncomingMessage } from "node:http"
import * as os from "node:os"
import { FleetError } from "#kernel/errors.js"
import type { Principal } from "#operations/define.js"
import type { Tokens } from "#ops/tokens.js"

export const sessionCookie = "fleet_ledger_session"

const overSocket = new WeakSet<IncomingMessage>()

/** Marks a request as one that came over the unix socket. */
export function cameOverSocket(request: IncomingMessage): void {
  overSocket.add(request)
}

/** Whoever may open the data folder's socket is its owner. */
export function localOwner(): Principal {
  return { name: `user:${userName()}`, scope: "admin" }
}

function userName(): string {
  try {
    return os.userInfo().username
  } catch {
    // A user id that no passwd entry names.
    return String(process.getuid?.())
  }
}

/** @throws FleetError `Unauthorized` for a token that is wrong, expired or revoked; @returns undefined for nobody in particular */
export async function principalOf(request: IncomingMessage, tokens: Tokens): Promise<Principal | undefined> {
  if (overSocket.has(request)) return localOwner()
  const bearer = /^Bearer ([\w.~+/-]{1,200}=*)$/i.exec(request.headers.authorization ?? "")?.[1]
  if (request.headers.authorization !== undefined) {
    const token = bearer === undefined ? undefined : await tokens.check(bearer, "token")
    if (token === undefined) {
      throw new FleetError(
        "Unauthorized",
        'this token is wrong, expired or revoked; "fleet-ledger token create NAME" makes another',
      )
    }
    return { name: `token:${token.name}`, scope: token.scope }
  }
  const cookie = cookieOf(request)
  const session = cookie === undefined ? undefined : await tokens.check(cookie, "session")
  return session === undefined ? undefined : { name: session.name, scope: session.scope }
}

export function mustBeKnown(principal: Principal | undefined): Principal {
  if (principal !== undefined) return principal
  throw new FleetError(
    "Unauthorized",
    'who is asking? Send "Authorization: Bearer <token>" ("fleet-ledger token create NAME" makes one), or open the page with "fleet-ledger login"',
  )
}

/** @throws FleetError `Forbidden` */
export function checkOrigin(request: IncomingMessage, allowedHosts: ReadonlySet<string>): void {
  if (overSocket.has(request)) return
  const { host = "", origin } = request.headers
  if (!allowedHosts.has(host.toLowerCase())) {
    throw new FleetError("Forbidden", `this server does not answer to the host "${host.slice(0, 100)}"`)
  }
  const changes = request.method !== "GET" && request.method !== "HEAD"
  if (changes && origin !== undefined && origin !== `http://${host}`) {
    throw new FleetError("Forbidden", `a page of ${origin.slice(0, 100)} may not change anything here`)
  }
}

/** The names by which a server on loopback is called. */
export function loopbackHosts(port: number): ReadonlySet<string> {
  return new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
}

function cookieOf(request: IncomingMessage): string | undefined {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const [name, value] = part.trim().split("=", 2)
    if (name === sessionCookie) return value
  }
  return undefined
}
