/** The inventory as of a point, in the formats that others read. */
import * as z from "zod"
import { FleetError } from "#kernel/errors.js"
import { cycloneDx } from "#inventory/cyclonedx.js"
import { formats, joined } from "#inventory/formats.js"
import { kinds } from "#projections/inventory/read.js"
import { version } from "../version.js"
import { conditionsOf, q } from "./asked.js"
import { text } from "./define.js"
import { entityReference } from "./shapes.js"

const names = ["json", "ndjson", "csv", "ansible", "http_sd", "cyclonedx"] as const
const cycloneDxType = "application/vnd.cyclonedx+json; version=1.6"
const aPort = "a port, from 1 to 65535"

export const inventoryExport = text({
  name: "inventory export",
  summary: "Export the inventory, or a part of it, as of any point",
  scope: "read",
  accounted: { as: "export", what: "format" },
  input: z.object({
    q,
    format: z
      .enum(names)
      .default("json")
      .describe(
        "json and ndjson can be imported; csv for spreadsheets; ansible: a dynamic inventory; http_sd for Prometheus; cyclonedx: the packages of one machine",
      ),
    entity: entityReference.optional().describe("With cyclonedx: the machine, by name or id"),
    port: z.coerce
      .number(aPort)
      .int(aPort)
      .min(1, aPort)
      .max(65_535, aPort)
      .default(9_100)
      .describe("With http_sd: the port that is scraped"),
  }),
  mediaTypes: [...new Set([...Object.values(formats).map(({ mediaType }) => mediaType), cycloneDxType])],
  route: { method: "GET", path: "/api/v1/inventory" },
  command: {
    name: "inventory export",
    positional: ["[q]"],
    examples: [
      "inventory export > inventory.json",
      "inventory export role:production --format csv --at -7d",
      "inventory export --format ansible",
      "inventory export --format cyclonedx --entity web-1",
    ],
  },
  async run(call, { q: filter, format, entity, port }) {
    const { fleet, point, signal } = call
    if ((format === "cyclonedx") !== (entity !== undefined))
      throw new FleetError(
        "InvalidInput",
        '"entity" names the machine whose packages "cyclonedx" lists; they go together',
      )
    if (format === "cyclonedx") {
      if (filter !== undefined)
        throw new FleetError("InvalidInput", '"cyclonedx" is of one machine and takes no filter')
      return { mediaType: cycloneDxType, pieces: once(await cycloneDx(fleet.views, entity ?? "", point, version)) }
    }
    const conditions = await conditionsOf(call, filter, kinds)
    const asked = { views: fleet.views, at: point.position, conditions, signal }
    const { mediaType, write } = formats[format]
    return { mediaType, pieces: joined(write({ asked, point, q: filter ?? null, port })) }
  },
})

async function* once(piece: string): AsyncGenerator<string> {
  yield piece
}
