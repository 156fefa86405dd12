/** A stream lasts no longer than what its asker was let in by: once the token or the session is revoked or expires, it breaks off within a moment. */
import type { FastifyReply, FastifyRequest } from "fastify"
import type { Tokens } from "#ops/tokens.js"
import { principalOf } from "./access.js"

/** Asked of what is known in memory. */
const everyMs = 1_000

/** Broken off, not ended: nobody takes what was sent until then for all of it. */
export function breakOffWithToken(request: FastifyRequest, reply: FastifyReply, tokens: Tokens): void {
  if (reply.raw.destroyed) return
  const isKnown = async () => (await principalOf(request.raw, tokens).catch(() => undefined)) !== undefined
  const look = async () => {
    if (!(await isKnown())) reply.raw.destroy()
  }
  const looking = setInterval(() => void look(), everyMs)
  reply.raw.once("close", () => clearInterval(looking))
}
