/**
 * Who is asking. On the unix socket the file's permissions have decided; over TCP a bearer token or the session cookie says it, the Host header must
 * name this server (against DNS rebinding), and a browser that changes something must come from this page.
 */
import type { IncomingMessage } from "node:http"
import type * as net from "node:net"
import * as os from "node:os"
import { FleetError } from "#kernel/errors.js"
import type { Principal } from "#operations/define.js"
import type { Tokens } from "#ops/tokens.js"

export const sessionCookie = "fleet_ledger_session"

const overSocket = new WeakSet<IncomingMessage>()
const ofKnown = new WeakSet<IncomingMessage>()

/** Marks a request as one that came over the unix socket. */
export function cameOverSocket(request: IncomingMessage): void {
  overSocket.add(request)
}

export function isOverSocket(request: IncomingMessage): boolean {
  return overSocket.has(request)
}

/** Whether somebody was found to be who they say: what answers to everybody does not ask. */
export function isOfKnown(request: IncomingMessage): boolean {
  return ofKnown.has(request)
}

/** What somebody shows to be let in, unchecked: a token, a session, or the code of a login. */
export function credentialOf(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers
  return authorization ?? cookieOf(request) ?? /^\/login\?(?:.*&)?code=([^&]{1,200})/.exec(request.url ?? "")?.[1]
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
    ofKnown.add(request)
    return { name: `token:${token.name}`, scope: token.scope }
  }
  const cookie = cookieOf(request)
  if (cookie === undefined) return undefined
  const session = await tokens.check(cookie, "session")
  const token = session === undefined ? await tokens.check(cookie, "token") : undefined
  if (session === undefined && token === undefined) return undefined
  ofKnown.add(request)
  if (session !== undefined) return { name: session.name, scope: session.scope }
  return token && { name: `token:${token.name}`, scope: token.scope }
}

export function mustBeKnown(principal: Principal | undefined): Principal {
  if (principal !== undefined) return principal
  throw new FleetError(
    "Unauthorized",
    'who is asking? Send "Authorization: Bearer <token>" ("fleet-ledger token create NAME" makes one), or open the page with "fleet-ledger login"',
  )
}

/** Where a server is reached. */
export interface Reached {
  /** What the Host header may say, in lower case. */
  readonly hosts: ReadonlySet<string>
  /** How browsers reach it. */
  readonly scheme: "http" | "https"
  /** Where it is reached through others alone: who they are. */
  readonly proxies?: net.BlockList
}

/** @throws FleetError `Forbidden`, `InvalidInput` for a request that names no host or several */
export function checkOrigin(request: IncomingMessage, { hosts, scheme, proxies }: Reached): void {
  if (overSocket.has(request)) return
  const { remoteAddress = "", remoteFamily } = request.socket
  if (proxies !== undefined && !proxies.check(remoteAddress, remoteFamily === "IPv6" ? "ipv6" : "ipv4"))
    throw new FleetError("Forbidden", "this server answers only what comes through its proxy")
  const { host = "", origin } = request.headers
  // Of several, a proxy may have read another one than this program does.
  if (request.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === "host").length !== 1)
    throw new FleetError("InvalidInput", "a request has one Host header")
  if (!hosts.has(host.toLowerCase())) {
    throw new FleetError("Forbidden", `this server does not answer to the host "${host.slice(0, 100)}"`)
  }
  const changes = request.method !== "GET" && request.method !== "HEAD"
  if (changes && origin !== undefined && origin !== `${scheme}://${host}`) {
    throw new FleetError("Forbidden", `a page of ${origin.slice(0, 100)} may not change anything here`)
  }
}

/** The names by which a server on loopback is called. */
export function onLoopback(port: number): Reached {
  return { hosts: new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]), scheme: "http" }
}

/** What a browser shows: the secret of a session, or the token that it signed in with. */
export function cookieOf(request: IncomingMessage): string | undefined {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const [name, value] = part.trim().split("=", 2)
    if (name === sessionCookie) return value
  }
  return undefined
}
