/** Errors over HTTP: problem details (RFC 9457) with a stable code and one sentence. What is not expected is logged and says nothing about the inside. */
import type { FastifyReply } from "fastify"
import { type ErrorCode, FleetError, kindOf } from "#kernel/errors.js"

const statusOfKind = {
  input: 400,
  missing: 404,
  denied: 403,
  conflict: 409,
  limited: 429,
  unavailable: 503,
  data: 500,
} as const

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
}

export function problemOf(error: unknown): Problem {
  if (error instanceof FleetError) {
    return problem(statusOf(error.code), error.code, error.message)
  }
  // Fastify's own refusals: malformed JSON, a body that is too large, an unsupported media type.
  const { statusCode } = error as { statusCode?: number }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return problem(statusCode, "InvalidInput", (error as Error).message)
  }
  return problem(500, "Internal", "something broke inside; the log says what")
}

export function statusOf(code: ErrorCode): number {
  return code === "Unauthorized" ? 401 : statusOfKind[kindOf(code)]
}

function problem(status: number, code: ErrorCode | "Internal", detail: string): Problem {
  return { type: `urn:fleet-ledger:problem:${code}`, title: titleOf(status), status, code, detail }
}

export function titleOf(status: number): string {
  return titles[status] ?? "Error"
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
}

export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const body = problemOf(error)
  if (body.status === 401) reply.header("www-authenticate", 'Bearer realm="fleet-ledger"')
  const retryAfter = error instanceof FleetError ? error.details["retryAfterSeconds"] : undefined
  if (typeof retryAfter === "number") reply.header("retry-after", retryAfter)
  return reply.code(body.status).type("application/problem+json").send(JSON.stringify(body))
}
