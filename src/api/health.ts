/** For whoever restarts, balances and alerts: alive is a process that answers, ready is one that answers with what is true now. No token is asked for. */
import type { FastifyInstance } from "fastify"
import type { Fleet } from "#fleet.js"
import { messageOf } from "#kernel/errors.js"

export function addHealth(app: FastifyInstance, fleet: Fleet): void {
  app.get("/livez", () => ({ alive: true }))
  app.get("/readyz", async (request, reply) => {
    const reasons = await unready(fleet)
    if (reasons.length > 0) request.log.warn({ reasons }, "not ready")
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons })
  })
}

async function unready(fleet: Fleet): Promise<readonly string[]> {
  try {
    return await fleet.unready()
  } catch (error) {
    return [messageOf(error)]
  }
}
