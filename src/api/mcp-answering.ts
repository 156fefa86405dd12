/** How requests of the Model Context Protocol are answered; loaded when the first one comes. */
import type { IncomingMessage, ServerResponse } from "node:http"
import { type NodeIncomingMessageLike, toNodeHandler } from "@modelcontextprotocol/node"
import { createMcpHandler } from "@modelcontextprotocol/server"
import type { FastifyBaseLogger } from "fastify"
import type { Fleet } from "#fleet.js"
import { operationsOf } from "#mcp/in-process.js"
import { mcpServer } from "#mcp/server.js"
import type { Principal } from "#operations/define.js"
import { allows } from "#ops/tokens.js"

export interface Answering {
  /** @param body as it was parsed */
  answer(request: IncomingMessage, response: ServerResponse, principal: Principal, body: unknown): Promise<void>
  close(): Promise<void>
}

export function answering(fleet: Fleet, log: FastifyBaseLogger): Answering {
  const failed = (error: unknown) => log.error({ err: error }, "a tool failed")
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const principal = authInfo?.extra?.["principal"] as Principal
      return mcpServer({
        within: (_signal, work) => work(operationsOf({ fleet, principal })),
        allows: ({ uses }) => fleet.config.mcp.write && uses.every(({ scope }) => allows(principal.scope, scope)),
        failed,
      })
    },
    // What a request has wrong is told to whoever sent it.
    { onerror: (error) => log.debug({ err: error }, "a request of an agent was refused"), maxSubscriptions: 16 },
  )
  const toNode = toNodeHandler(handler, { onerror: failed })
  return {
    async answer(request, response, principal, body) {
      const auth = { token: "", clientId: principal.name, scopes: [principal.scope], extra: { principal } }
      await toNode(Object.assign(request, { auth }) as NodeIncomingMessageLike, response, body)
    },
    close: () => handler.close(),
  }
}
