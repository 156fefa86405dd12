/** An agent: the official client of the Model Context Protocol. */
import { Client } from "@modelcontextprotocol/client"
import type { CallToolResult, Transport } from "@modelcontextprotocol/client"
import { onTestFinished } from "vitest"

/** At three bytes a token, of all that comes: as text and as structured content. */
export function tokensOf(result: object): number {
  return Math.ceil(Buffer.byteLength(JSON.stringify(result)) / 3)
}

export interface Agent {
  readonly client: Client
  /** What a tool answers. @throws Error when it refuses */
  readonly use: <A = Record<string, unknown>>(tool: string, input?: Record<string, unknown>) => Promise<A>
  readonly call: (tool: string, input?: Record<string, unknown>) => Promise<CallToolResult>
}

/** @param mode which protocol it speaks: that of 2025 with its handshake, or what the server has that is newer */
export async function agent(transport: Transport, mode: "legacy" | "auto" = "legacy"): Promise<Agent> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } })
  await client.connect(transport)
  onTestFinished(() => client.close())
  const call = (name: string, input: Record<string, unknown> = {}) => client.callTool({ name, arguments: input })
  return {
    client,
    call,
    async use<A>(name: string, input?: Record<string, unknown>) {
      const result = await call(name, input)
      if (result.isError === true) throw new Error(JSON.stringify(result.content))
      return result.structuredContent as A
    },
  }
}
