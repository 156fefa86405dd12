/** What the parser of HTTP refuses before there is a request: told as every other problem is, on a connection that ends with it. */
import type { Socket } from "node:net"
import { maxHeaderSize } from "node:http"
import { problemOf } from "./problem.js"

const refusals: Readonly<Record<string, readonly [status: number, sentence: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "this request took too long to come"],
  HPE_HEADER_OVERFLOW: [431, `the head of a request has at most ${maxHeaderSize} bytes`],
  HPE_INVALID_CONTENT_LENGTH: [400, "this request says wrongly or in two ways where it ends"],
  HPE_INVALID_TRANSFER_ENCODING: [400, "this request says wrongly or in two ways where it ends"],
  HPE_UNEXPECTED_CONTENT_LENGTH: [400, "this request says wrongly or in two ways where it ends"],
}

/** Listens to a server's `clientError`. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return
  const [statusCode, message] = refusals[error.code ?? ""] ?? [400, "this is no HTTP request"]
  const problem = problemOf({ statusCode, message })
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    "connection: close",
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  if (socket.writable) socket.end([...head, "", body].join("\r\n"))
  else socket.destroy(error)
}
