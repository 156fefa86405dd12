/**
 * One request to a receiver, over a connection of its own to an address that was checked. Redirections are not followed, proxies of the environment not
 * used, and of the answer only the status and `Retry-After` are read.
 */
import * as http from "node:http"
import * as https from "node:https"
import type { Clock } from "#kernel/clock.js"
import { messageOf } from "#kernel/errors.js"
import type { PrivateAllowed } from "./addresses.js"
import { type Outcome, outcomeOf, retryAfter } from "./outcome.js"
import { type Addresses, type Resolve, lookupOf, pinUntil } from "./resolve.js"

export interface HttpRequest {
  readonly url: URL
  readonly method: "POST" | "PUT"
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface HttpPorts {
  readonly resolve: Resolve
  readonly clock: Clock
  /** Milliseconds for all of an attempt. */
  readonly patienceMs: number
}

/** Never throws: what goes wrong is the outcome. Sentences name the host and nothing else of the URL, which may hold secrets. */
export async function send(
  request: HttpRequest,
  allowed: PrivateAllowed,
  { resolve, clock, patienceMs }: HttpPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { host, hostname } = request.url
  const timeout = AbortSignal.timeout(patienceMs)
  const until = AbortSignal.any([signal, timeout])
  let addresses: Addresses
  try {
    addresses = await pinUntil(until, hostname, allowed, resolve)
  } catch (error) {
    const why = until.aborted ? `${host} was not found in time` : messageOf(error)
    return { is: "failed", why, ofChannel: true }
  }
  const sent = { connected: false }
  try {
    const { status, headers } = await exchange(request, addresses, until, sent)
    const outcome = outcomeOf(status, retryAfter(headers["retry-after"], clock.now()))
    return outcome.is === "taken" ? outcome : { ...outcome, why: outcome.why.replace(/^it/, host) }
  } catch (error) {
    const why = timeout.aborted ? `${host} did not answer within ${patienceMs} ms` : `${host}: ${messageOf(error)}`
    // A receiver that breaks off over one message may take others.
    return { is: "failed", why, ofChannel: !sent.connected }
  }
}

function exchange(
  { url, method, headers, body }: HttpRequest,
  addresses: Addresses,
  signal: AbortSignal,
  sent: { connected: boolean },
): Promise<{ readonly status: number; readonly headers: http.IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body)
    const request = (url.protocol === "https:" ? https : http).request(url, {
      method,
      headers: { "user-agent": "fleet-ledger", ...headers, "content-length": bytes.length },
      agent: false,
      signal,
      lookup: lookupOf(addresses),
    })
    request.on("socket", (socket) => {
      socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => (sent.connected = true))
    })
    request.once("error", reject)
    request.once("response", (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers })
      response.destroy()
    })
    request.end(bytes)
  })
}
