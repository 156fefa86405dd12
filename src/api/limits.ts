/** How much one asker may ask for, and who is not listened to any more. Nothing of it is about the data folder's socket. */
import rateLimit from "@fastify/rate-limit"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import type { Fleet } from "#fleet.js"
import { FleetError } from "#kernel/errors.js"
import { credentialOf, isOfKnown, isOverSocket } from "./access.js"
import { denials } from "./denials.js"
import { guard } from "./guard.js"

const second = 1_000

/** @returns why not, if it is too much */
export type CountAnother = (request: FastifyRequest) => Promise<FleetError | undefined>

/**
 * @param perSecond requests of one token that is right, or of one address
 * @returns what counts another one, for requests that are several
 */
export async function addLimits(app: FastifyInstance, fleet: Fleet, perSecond: number): Promise<CountAnother> {
  const watching = guard(fleet.clock)
  const refusals = denials(fleet, (error) => app.log.warn({ err: error }, "refused requests could not be recorded"))

  app.addHook("onRequest", async (request) => {
    const credential = credentialOf(request.raw)
    if (credential !== undefined && !isOverSocket(request.raw)) watching.admit(request.ip, credential)
  })
  app.addHook("onResponse", async (request: FastifyRequest, reply: FastifyReply) => {
    if (isOverSocket(request.raw)) return
    refusals.note(reply.statusCode, request.ip)
    const credential = credentialOf(request.raw)
    if (credential === undefined) return
    if (isOfKnown(request.raw)) watching.wasRight(request.ip, credential)
    else if (reply.statusCode === 401) watching.wasWrong(request.ip, credential)
  })
  app.addHook("onClose", () => refusals.flush())
  await app.register(rateLimit, {
    max: perSecond,
    timeWindow: second,
    // Until it was found to be right, one token is as good as another that was made up.
    keyGenerator: (request) => {
      const credential = credentialOf(request.raw)
      return credential !== undefined && watching.isRight(request.ip, credential) ? credential : request.ip
    },
    allowList: (request) => isOverSocket(request.raw),
    errorResponseBuilder: (_request, { ttl }) => tooMany(perSecond, ttl),
  })
  const counted = app.createRateLimit()
  return async (request) => {
    const limit = await counted(request)
    return !limit.isAllowed && limit.isExceeded ? tooMany(perSecond, limit.ttl) : undefined
  }
}

function tooMany(perSecond: number, ttl: number): FleetError {
  return new FleetError("RateLimited", `more than ${perSecond} requests a second; ask again in a moment`, {
    details: { retryAfterSeconds: Math.ceil(ttl / second) },
  })
}
