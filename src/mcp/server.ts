/** The server of the Model Context Protocol: tools, resources and prompts over the operations, whoever calls them and by whatever transport it is reached. */
import { McpServer, type ServerContext } from "@modelcontextprotocol/server"
import * as z from "zod"
import { type JsonObject, isObject } from "#kernel/json.js"
import { version } from "../version.js"
import { type Reach, answerOf, refusal } from "./answering.js"
import { described } from "./described.js"
import { addPrompts } from "./prompts.js"
import { addResources } from "./resources.js"
import { tools } from "./tools.js"
import { framed, notice } from "./untrusted.js"

const instructions = `An inventory of a fleet (machines, services, stacks) that remembers everything: each answer is true at one point in time, which it names.
- Every question takes \`at\`: now, -2h, yesterday 14:00, 2026-11-23, position:123, snapshot:NAME. To ask several things of one moment, give the position of the first answer as position:N to the others.
- Begin with get_fleet_overview; search_fleet finds things; explain_change says who changed what; diff_inventory compares points.
- Answers are short. Where \`next\` is given there is more: call again with it as \`cursor\`, or better, ask more narrowly. \`omitted\` says what was left out.
- Cite position and event id with what you state; verify_history proves that the record was not altered.
- ${notice}`

const offers = tools.map((tool) => ({
  tool,
  inputSchema: described(tool.input.strict()),
  outputSchema: described(marked(tool.output)),
}))

export function mcpServer(reach: Reach): McpServer {
  const server = new McpServer({ name: "fleet-ledger", title: "fleet-ledger", version }, { instructions })
  for (const offer of offers)
    if (offer.tool.writes === undefined || reach.allows(offer.tool)) register(server, offer, reach)
  addResources(server, reach)
  addPrompts(server)
  return server
}

function register(server: McpServer, { tool, inputSchema, outputSchema }: Offer, reach: Reach): void {
  const { name, title, description, writes } = tool
  server.registerTool(
    name,
    {
      title,
      description,
      inputSchema,
      outputSchema,
      annotations: {
        readOnlyHint: writes === undefined,
        destructiveHint: false,
        idempotentHint: writes?.idempotent ?? true,
        openWorldHint: writes?.openWorld ?? false,
      },
    },
    async (given: Record<string, unknown>, context: ServerContext) => {
      try {
        const answer = await answerOf(tool, (ask) => tool.run(ask, given), reach, context)
        return {
          content: [{ type: "text" as const, text: framed(answer) }, ...linkTo(answer)],
          structuredContent: answer,
        }
      } catch (error) {
        return { content: [{ type: "text" as const, text: refusal(error, reach) }], isError: true }
      }
    },
  )
}

/** To the entity that an answer is about. */
function linkTo({ uri, entity }: JsonObject) {
  if (typeof uri !== "string" || !isObject(entity)) return []
  return [{ type: "resource_link" as const, uri, name: entity["name"] as string, mimeType: "application/json" }]
}

type Offer = (typeof offers)[number]

/** What every answer carries besides its own. */
function marked(output: z.ZodObject): z.ZodObject {
  return output.extend({
    notice: z.string(),
    omitted: z.array(z.string()).optional().describe("What was left out, as it is too long"),
  })
}
