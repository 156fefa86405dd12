/** One route for every operation, and those that let jobs be watched. */
import { Readable } from "node:stream"
import { finished } from "node:stream/promises"
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify"
import type { Fleet } from "#fleet.js"
import { FleetError } from "#kernel/errors.js"
import { position } from "#kernel/point.js"
import type { Act, Operation, Principal, Query, Stream, Text } from "#operations/define.js"
import { admit, asked, follow, invoke, read } from "#operations/invoke.js"
import { mustBeKnown, principalOf } from "./access.js"
import { abortedWith, noProgress } from "./call.js"
import { entityTag, isDecided, isKnown } from "./etag.js"
import { formatted, wantedOf } from "./formats.js"
import { once } from "./idempotency.js"
import type { Job, Jobs } from "./jobs.js"
import { breakOffWithToken } from "./standing.js"
import { sendStream } from "./stream.js"

/** As long as a body may take to come. */
export const longestBodyMs = 600_000

export function addRoutes(app: FastifyInstance, operations: readonly Operation[], fleet: Fleet, jobs: Jobs): void {
  for (const operation of operations) {
    const route = {
      method: operation.route.method,
      url: operation.route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      handler: handlerOf(operation, fleet, jobs),
      // Of what is followed or exported there is no head without the rest.
      exposeHeadRoute: operation.kind === "query",
    }
    const types = "body" in operation ? operation.body : undefined
    if (types === undefined) app.route(route)
    else void app.register((scope) => addTaking(scope, types, route))
  }

  app.get("/api/v1/jobs/:id", async (request) => {
    mustBeKnown(await principalOf(request.raw, fleet.ops.tokens))
    const { id } = request.params as { id: string }
    const { wait } = request.query as { wait?: string }
    return wait === undefined ? jobs.get(id) : jobs.next(id, 10_000)
  })

  app.delete("/api/v1/jobs/:id", async (request) => {
    const principal = mustBeKnown(await principalOf(request.raw, fleet.ops.tokens))
    return jobs.cancel((request.params as { id: string }).id, principal)
  })
}

/** A route that is given what it takes unread. */
async function addTaking(scope: FastifyInstance, types: readonly string[], route: RouteOptions): Promise<void> {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser([...types], (_request, payload, done) => done(null, payload))
  scope.route(route)
}

function handlerOf(operation: Operation, fleet: Fleet, jobs: Jobs) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const principal = mustBeKnown(await principalOf(request.raw, fleet.ops.tokens))
    switch (operation.kind) {
      case "query":
      case "command":
        return answer(operation, request, reply, fleet, principal)
      case "job":
        return start(operation, request, reply, fleet, principal, jobs)
      case "stream":
        return sendFollowed(operation, request, reply, fleet, principal)
      case "text":
        return sendText(operation, request, reply, fleet, principal)
    }
  }
}

async function answer(
  operation: Query | Act,
  request: FastifyRequest,
  reply: FastifyReply,
  fleet: Fleet,
  principal: Principal,
): Promise<unknown> {
  const call = { fleet, principal, signal: abortedWith(reply), progress: noProgress }
  if (operation.kind !== "query") {
    const act = async () => ({ status: 200, body: await invoke(operation, call, inputOf(request)) })
    const { status, body } = await once(fleet.ops.answers, repeatable(operation, request, principal), act)
    return reply.code(status).send(body)
  }
  const { fields, ...input } = inputOf(request)
  const wanted = wantedOf(operation, request, fields)
  const query = await asked(operation, call, input)
  reply.header("vary", "accept")
  if (!isDecided(operation, query)) return formatted(await query.answer(), operation, wanted, reply)
  const tag = entityTag(operation, query, wanted, principal, editionOf(fleet))
  const known = isKnown(tag, request.headers["if-none-match"])
  const body = known ? undefined : formatted(await query.answer(), operation, wanted, reply)
  reply.header("etag", tag).header("cache-control", "private, no-cache")
  return known ? reply.code(304).send() : body
}

/** What an answer follows from besides the ledger. */
function editionOf(fleet: Fleet): string {
  return `${fleet.viewsState().edition} ${fleet.ops.queries.edition()}`
}

const ownPage = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"

/** The point that it is at stands in its head: there is no other place for it in what others have laid down. */
async function sendText(
  operation: Text,
  request: FastifyRequest,
  reply: FastifyReply,
  fleet: Fleet,
  principal: Principal,
): Promise<unknown> {
  const call = { fleet, principal, signal: abortedWith(reply), progress: noProgress }
  const { mediaType, pieces, point } = await read(operation, call, inputOf(request))
  reply.headers({
    "content-type": mediaType,
    "cache-control": "no-store",
    "fleet-ledger-position": point.position,
    "fleet-ledger-time": point.time,
    // A page of its own, with its own style; whatever is in it, it is no page of this server.
    ...(mediaType.startsWith("text/html") && { "content-security-policy": ownPage }),
  })
  return reply.send(Readable.from(pieces))
}

async function start(
  operation: Act,
  request: FastifyRequest,
  reply: FastifyReply,
  fleet: Fleet,
  principal: Principal,
  jobs: Jobs,
): Promise<unknown> {
  const body = request.body instanceof Readable ? request.body : undefined
  const input = inputOf(request)
  admit(operation, { principal }, input)
  // What comes with a call cannot be compared with what came with another.
  if (body !== undefined && request.headers["idempotency-key"] !== undefined)
    throw new FleetError("InvalidInput", `"${operation.name}" takes no Idempotency-Key`)
  const answered = await once(fleet.ops.answers, repeatable(operation, request, principal), async () => {
    const job = jobs.start(operation, principal, (signal, progress) =>
      invoke(operation, { fleet, principal, signal, progress, ...(body && { body }) }, input),
    )
    // Whoever is answered may stop sending.
    if (body !== undefined) await finished(body, { signal: AbortSignal.timeout(longestBodyMs) }).catch(() => undefined)
    return { status: 202, body: job }
  })
  const { id } = answered.body as Job
  return reply.code(answered.status).header("location", `/api/v1/jobs/${id}`).send(answered.body)
}

function repeatable(operation: Act, request: FastifyRequest, principal: Principal) {
  return { operation, principal, input: inputOf(request), key: request.headers["idempotency-key"] }
}

async function sendFollowed(
  operation: Stream,
  request: FastifyRequest,
  reply: FastifyReply,
  fleet: Fleet,
  principal: Principal,
): Promise<unknown> {
  const call = { fleet, principal, signal: abortedWith(reply), progress: noProgress }
  const lastSeen = request.headers["last-event-id"]
  const resumed =
    typeof lastSeen === "string" && /^\d{1,15}$/.test(lastSeen) ? { after: position(Number(lastSeen)) } : {}
  breakOffWithToken(request, reply, fleet.ops.tokens)
  const input = { ...inputOf(request), ...resumed }
  return sendStream(request, reply, (passed) => follow(operation, { ...call, passed }, input))
}

/** Path, query and body are one input; a path's value cannot be given twice. */
function inputOf(request: FastifyRequest): Record<string, unknown> {
  const body = (request.body instanceof Readable ? {} : (request.body ?? {})) as Record<string, unknown>
  if (typeof body !== "object" || Array.isArray(body))
    throw new FleetError("InvalidInput", "the body must be a JSON object")
  return { ...body, ...(request.query as Record<string, unknown>), ...(request.params as Record<string, unknown>) }
}
