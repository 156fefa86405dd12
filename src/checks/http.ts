/** Asking a web server once, as a check does: with a connection of its own, no more read of the answer than is judged, and never led to another host unless it is said so. */
import * as http from "node:http"
import * as https from "node:https"
import { TLSSocket } from "node:tls"
import type { HttpCheck } from "#config/checks.js"
import type { Answered } from "./judge-http.js"
import { connectionOptions, validUntil } from "./tls.js"
import { version } from "../version.js"

/** Of a body. */
export const mostBytes = 65_536
const mostRedirects = 5

type Asking = Pick<HttpCheck, "headers" | "redirects" | "tls" | "expect">

/** @throws the errors of the connection; the reason of the signal when it aborts */
export async function askHttp(address: string, asking: Asking, signal: AbortSignal): Promise<Answered> {
  let url = new URL(address)
  for (let redirects = 0; ; redirects++) {
    const answer = await once(url, asking, signal)
    const next = redirects < mostRedirects ? nextAfter(url, answer, asking) : undefined
    if (next === undefined) return answer
    url = next
  }
}

/** Where an answer leads and may be followed. What was asked for in so many words is no way on. */
function nextAfter(url: URL, { status, location }: Answered, { redirects, expect }: Asking): URL | undefined {
  if (location === undefined || redirects === "none" || !isRedirect(status)) return undefined
  if (expect.status?.includes(status) === true) return undefined
  const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined
  if (next === undefined || !/^https?:$/.test(next.protocol)) return undefined
  return redirects === "any" || next.hostname === url.hostname ? next : undefined
}

export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

async function once(url: URL, { headers, tls, expect }: Asking, signal: AbortSignal): Promise<Answered> {
  const wantsBody = expect.body !== undefined || expect.bodyMatches !== undefined
  const options: https.RequestOptions = {
    agent: false,
    signal,
    headers: { "user-agent": `fleet-ledger/${version}`, accept: "*/*", ...headers },
    ...(url.protocol === "https:" && (await connectionOptions(tls))),
  }
  return new Promise((resolve, reject) => {
    const request = url.protocol === "https:" ? https.request(url, options) : http.request(url, options)
    request.once("error", reject)
    request.once("response", (response) => {
      const { statusCode: status = 0, socket, headers: told } = response
      const until = socket instanceof TLSSocket ? validUntil(socket) : undefined
      const answer = { status, location: told.location, validUntil: until }
      const done = (body?: string) => {
        resolve({ ...answer, ...(body !== undefined && { body }) })
        request.destroy()
      }
      if (!wantsBody || isRedirect(status)) done()
      else response.once("error", reject)
      const chunks: Buffer[] = []
      let size = 0
      const text = () => Buffer.concat(chunks, size).subarray(0, mostBytes).toString("utf8")
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size >= mostBytes) done(text())
      })
      response.once("end", () => done(text()))
    })
    request.end()
  })
}
