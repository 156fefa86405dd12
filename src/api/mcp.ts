/** The Model Context Protocol over HTTP: the same server as on standard input and output, for who has a token. Nothing is kept between two requests. */
import { type NodeIncomingMessageLike, toNodeHandler } from "@modelcontextprotocol/node"
import { createMcpHandler } from "@modelcontextprotocol/server"
import type { FastifyInstance } from "fastify"
import type { Fleet } from "#fleet.js"
import { mcpServer } from "#mcp/server.js"
import type { Principal } from "#operations/define.js"
import { invoke } from "#operations/invoke.js"
import { allows } from "#ops/tokens.js"
import { mustBeKnown, principalOf } from "./access.js"
import { takenOver } from "./stream.js"

export function addMcp(app: FastifyInstance, fleet: Fleet): void {
  const failed = (error: unknown) => app.log.error({ err: error }, "a tool failed")
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const principal = authInfo?.extra?.["principal"] as Principal
      return mcpServer({
        invoke: (operation, input, signal, progress) =>
          invoke(operation, { fleet, principal, signal, progress }, input),
        allows: ({ uses }) => fleet.config.mcp.write && uses.every(({ scope }) => allows(principal.scope, scope)),
        failed,
      })
    },
    // What a request has wrong is told to whoever sent it.
    { onerror: (error) => app.log.debug({ err: error }, "a request of an agent was refused"), maxSubscriptions: 16 },
  )
  const answer = toNodeHandler(handler, { onerror: failed })
  app.addHook("onClose", () => handler.close())
  app.route({
    method: ["GET", "POST", "DELETE"],
    url: "/mcp",
    async handler(request, reply) {
      const principal = mustBeKnown(await principalOf(request.raw, fleet.ops.tokens))
      const auth = { token: "", clientId: principal.name, scopes: [principal.scope], extra: { principal } }
      await answer(Object.assign(request.raw, { auth }) as NodeIncomingMessageLike, takenOver(reply), request.body)
    },
  })
}
