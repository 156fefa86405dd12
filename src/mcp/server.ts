/** The server of the Model Context Protocol: tools, resources and prompts over the operations, whoever calls them and by whatever transport it is reached. */
import { McpServer, type ServerContext } from "@modelcontextprotocol/server"
import * as z from "zod"
import { FleetError, bug } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import { printable } from "#kernel/printable.js"
import type { Act, Progress, Query } from "#operations/define.js"
import { version } from "../version.js"
import { fitted, mostBytes } from "./fit.js"
import type { Ask, Tool } from "./tool.js"
import { tools } from "./tools.js"
import { cut, framed, neutral, notice } from "./untrusted.js"

/** The way to the operations, for one who asks. */
export interface Reach {
  invoke(
    operation: Query | Act,
    input: Record<string, unknown>,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<object>
  /** Whether tools that change something are there, and which of them. */
  readonly allows: (tool: Tool) => boolean
  /** Told of what was not expected; whoever asked is told only that it happened. */
  readonly failed: (error: unknown) => void
}

const instructions = `An inventory of a fleet (machines, services, stacks) that remembers everything: each answer is true at one point in time, which it names.
- Every question takes \`at\`: now, -2h, yesterday 14:00, 2026-11-23, position:123, snapshot:NAME. To ask several things of one moment, give the position of the first answer as position:N to the others.
- Begin with get_fleet_overview; search_fleet finds things; explain_change says who changed what; diff_inventory compares points.
- Answers are short. Where \`next\` is given there is more: call again with it as \`cursor\`, or better, ask more narrowly. \`omitted\` says what was left out.
- Cite position and event id with what you state; verify_history proves that the record was not altered.
- ${notice}`

export function mcpServer(reach: Reach): McpServer {
  const server = new McpServer({ name: "fleet-ledger", title: "fleet-ledger", version }, { instructions })
  for (const tool of tools) if (tool.writes === undefined || reach.allows(tool)) register(server, tool, reach)
  return server
}

function register(server: McpServer, tool: Tool, reach: Reach): void {
  const { name, title, description, input, output, writes } = tool
  server.registerTool(
    name,
    {
      title,
      description,
      inputSchema: input.strict(),
      outputSchema: marked(output),
      annotations: {
        readOnlyHint: writes === undefined,
        destructiveHint: false,
        idempotentHint: writes?.idempotent ?? true,
        openWorldHint: writes?.openWorld ?? false,
      },
    },
    async (given: Record<string, unknown>, context: ServerContext) => {
      try {
        const answer = answered(await tool.run(asking(tool, reach, context), given))
        return { content: [{ type: "text" as const, text: framed(answer) }], structuredContent: answer }
      } catch (error) {
        return { content: [{ type: "text" as const, text: refusal(error, reach) }], isError: true }
      }
    },
  )
}

/** What every answer carries besides its own. */
function marked(output: z.ZodObject): z.ZodObject {
  return output.extend({
    notice: z.string(),
    omitted: z.array(z.string()).optional().describe("What was left out, as it is too long"),
  })
}

/** As it is sent: made harmless, within the budget, marked. */
export function answered(told: object): JsonObject {
  // A cursor is ours, and would be none if it were cut.
  const { next, ...rest } = told as JsonObject
  const cursor = next === undefined ? {} : { next }
  const { value, omitted } = fitted(neutral(rest) as JsonObject, mostBytes - JSON.stringify(cursor).length - 300)
  const left = [...(Array.isArray(value["omitted"]) ? value["omitted"] : []), ...omitted]
  return { notice, ...value, ...cursor, ...(left.length > 0 && { omitted: left }) }
}

/** @throws a bug, where a tool asks what it does not say that it uses */
function asking(tool: Tool, reach: Reach, context: ServerContext): Ask {
  const { signal } = context.mcpReq
  const progress = progressOf(context)
  return async <T>(operation: Query | Act, input: Readonly<Record<string, unknown>>) => {
    if (!tool.uses.includes(operation)) throw bug(`${tool.name} does not say that it uses ${operation.name}`)
    const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
    return (await reach.invoke(operation, given, signal, progress)) as T
  }
}

/** More often nobody wants to hear of it. */
const progressEveryMs = 500

function progressOf({ mcpReq }: ServerContext): Progress {
  const token = mcpReq._meta?.progressToken
  if (token === undefined) return () => {}
  let last = Number.NEGATIVE_INFINITY
  let sent = 0
  return (done, total, what) => {
    const now = performance.now()
    if (now - last < progressEveryMs) return
    last = now
    // By the protocol it only ever grows; another kind of thing may be counted from nothing.
    const params = {
      progressToken: token,
      progress: ++sent,
      message: `${cut(printable(what), 100)} ${done} of ${total}`,
    }
    mcpReq.notify({ method: "notifications/progress", params }).catch(() => {})
  }
}

/** The same sentence as at every other door. */
function refusal(error: unknown, { failed }: Reach): string {
  if (error instanceof FleetError) return `${error.code}: ${cut(printable(error.message), 1_000)}`
  failed(error)
  return `Internal: something broke inside; the log says what`
}
