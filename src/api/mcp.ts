/** The Model Context Protocol over HTTP: the same server as on standard input and output, for who has a token. Nothing is kept between two requests. */
import type { FastifyInstance } from "fastify"
import type { Fleet } from "#fleet.js"
import { mustBeKnown, principalOf } from "./access.js"
import type { Answering } from "./mcp-answering.js"
import { breakOffWithToken } from "./standing.js"
import { takenOver } from "./stream.js"

export function addMcp(app: FastifyInstance, fleet: Fleet): void {
  // Most servers are never asked, and it is 30 MB.
  let answering: Promise<Answering> | undefined
  const load = async () => (await import("./mcp-answering.js")).answering(fleet, app.log)
  app.addHook("onClose", async () => (await answering)?.close())
  app.route({
    method: ["GET", "POST", "DELETE"],
    url: "/mcp",
    async handler(request, reply) {
      const principal = mustBeKnown(await principalOf(request.raw, fleet.ops.tokens))
      const agents = await (answering ??= load())
      breakOffWithToken(request, reply, fleet.ops.tokens)
      await agents.answer(request.raw, takenOver(reply), principal, request.body)
    },
  })
}
