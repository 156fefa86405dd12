/** Resources: what an agent, or whoever works with one, puts into the conversation by its address. */
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceTemplate,
  type ServerContext,
} from "@modelcontextprotocol/server"
import { FleetError } from "#kernel/errors.js"
import { kinds } from "#projections/inventory/read.js"
import { fieldsOf } from "#query/fields.js"
import { type Reach, answerOf, refusal } from "./answering.js"
import type { Ask, Tool } from "./tool.js"
import { entityAt, showEntity } from "./tools/find.js"
import { getFleetOverview } from "./tools/overview.js"

const json = { mimeType: "application/json" }

export function addResources(server: McpServer, reach: Reach): void {
  server.registerResource(
    "overview",
    "fleet://overview",
    { ...json, title: "Fleet overview", description: "What there is and how it is doing, now" },
    (uri, context) => told(uri, getFleetOverview, reach, context, (ask) => getFleetOverview.run(ask, {})),
  )
  server.registerResource(
    "query-language",
    "fleet://query-language",
    { mimeType: "text/plain", title: "Query language", description: "What search_fleet and diff_inventory understand" },
    ({ href }) => ({ contents: [{ uri: href, mimeType: "text/plain", text: queryLanguage }] }),
  )
  for (const kind of kinds) {
    // By the template with `at` alone, an address without it would be none.
    for (const [name, form] of [
      [`${kind}-at`, `fleet://${kind}/{id}{?at}`],
      [kind, `fleet://${kind}/{id}`],
    ] as const) {
      server.registerResource(
        name,
        new ResourceTemplate(form, { list: undefined }),
        {
          ...json,
          title: `A ${kind}`,
          description: `Everything known of a ${kind}, by id or name, at a point in time`,
        },
        (uri, _variables, context) => told(uri, showEntity, reach, context, (ask) => entityOf(ask, kind, uri)),
      )
    }
  }
}

async function entityOf(ask: Ask, kind: string, uri: URL): Promise<object> {
  const reference = decoded(uri.pathname.slice(1))
  const shown = await entityAt(ask, reference, uri.searchParams.get("at") ?? undefined)
  if (shown.entity.kind === kind) return shown
  throw new FleetError("NotFound", `"${reference.slice(0, 120)}" is a ${shown.entity.kind}`)
}

/** @throws FleetError `InvalidInput` */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new FleetError("InvalidInput", `"${text.slice(0, 120)}" is not encoded as an address is`)
  }
}

async function told(
  { href }: URL,
  tool: Tool,
  reach: Reach,
  context: ServerContext,
  read: (ask: Ask) => Promise<object>,
) {
  try {
    const answer = await answerOf(tool, read, reach, context)
    return { contents: [{ uri: href, ...json, text: JSON.stringify(answer) }] }
  } catch (error) {
    const isTheirs = error instanceof FleetError
    throw new ProtocolError(
      isTheirs ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError,
      refusal(error, reach),
    )
  }
}

const shortNames = kinds
  .map((kind) => `${kind}: ${[...fieldsOf[kind].keys()].filter((name) => !name.includes(".")).join(", ")}`)
  .join("\n")

const queryLanguage = `role:production health<0.7 -status:healthy       side by side: all of it; - or NOT: the opposite
os:"Debian 12" (tag:web OR port:443)             OR and parentheses; quotation marks hold words together
package:openssl,libssl3 name:db-* nginx          commas: any of these; * and ? in values; a word alone is looked for
service.status:failed  target.role:lab           what runs on a machine, and the machine that something runs on
changed:>-7d  certificates.notAfter<+30d         since a moment, before a moment; sizes and ranges: memory>=16G cpu:2..8
role:*  -owner:*                                 has a value, has none

Fields by kind; every field that show_entity tells of is one too, as facet.field (packages.version, sockets.process):
${shortNames}
`
