/** A channel over HTTP: where the message goes, under which headers, and signed if there is a secret. */
import type { HttpConfig } from "#config/channels.js"
import { readSecret } from "#config/secret.js"
import { epochMs } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Channel } from "./channel.js"
import { type HttpPorts, type HttpRequest, send } from "./http.js"
import type { Message } from "./message.js"
import { payloadOf } from "./payloads/payload.js"
import { signature } from "./sign.js"

const named = 100

export function httpChannel(config: HttpConfig, ports: HttpPorts): Channel {
  return {
    config,
    // Alertmanager knows of no alert that was not named.
    most: config.kind === "alertmanager" ? named : 10_000,
    named,
    atOnce: 4,
    async send(message, signal) {
      let request: HttpRequest
      try {
        request = requestOf(config, message, Math.floor(epochMs(ports.clock.now()) / 1_000))
      } catch (error) {
        // A secret that is not there is no message's fault.
        return { is: "failed", why: messageOf(error), ofChannel: true }
      }
      return send(request, config.allowPrivate, ports, signal)
    },
  }
}

/** @throws FleetError `InvalidConfig` for a secret that is not where it is said to be */
function requestOf(config: HttpConfig, message: Message, seconds: number): HttpRequest {
  const body = JSON.stringify(payloadOf(config, message))
  const reference = config.kind === "webhook" ? config.secret : undefined
  const secret = reference === undefined ? undefined : readSecret(reference, `the secret of "${config.name}"`)
  return {
    url: urlOf(config),
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...headersOf(config),
      "x-fleet-ledger-delivery": message.id,
      "webhook-id": message.id,
      "webhook-timestamp": String(seconds),
      ...(secret !== undefined && { "webhook-signature": signature(secret, message.id, seconds, body) }),
    },
    body,
  }
}

/** @throws FleetError `InvalidConfig` */
export function urlOf({ name, url }: Pick<HttpConfig, "name" | "url">): URL {
  const text = /^(?:env|file):/.test(url) ? readSecret(url, `the URL of "${name}"`).trim() : url
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol)) return parsed
  throw new FleetError("InvalidConfig", `the URL of "${name}" is no http or https URL`)
}

function headersOf({ name, headers }: Pick<HttpConfig, "name" | "headers">): Record<string, string> {
  const entries = Object.entries(headers)
  return Object.fromEntries(
    entries.map(([header, reference]) => {
      const value = readSecret(reference, `the header ${header} of "${name}"`)
      if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
        throw new FleetError("InvalidConfig", `the header ${header} of "${name}" holds what no header can`)
      }
      return [header.toLowerCase(), value]
    }),
  )
}
