/** Taking an inventory that was exported, or that others wrote in the same shape. */
import * as z from "zod"
import { FleetError } from "#kernel/errors.js"
import { inventorySource } from "#inventory/import.js"
import { job } from "./define.js"
import { lookReport } from "./discover.js"
import { flag } from "./shapes.js"

const aName = "a name of lower-case letters, digits, '.', '_' and '-'"

export const inventoryImport = job({
  name: "inventory import",
  summary: "Import an inventory: record what it says there is, as a source of its own",
  scope: "operate",
  input: z.object({
    source: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, aName)
      .default("inventory")
      .describe("What the imports that belong together are called"),
    complete: flag.describe(
      "It is all there is: what came with an import of that name before and is not in it is gone",
    ),
    acceptAbsence: flag.describe("With complete: what is missing is gone, however much it is at once"),
  }),
  output: lookReport,
  body: ["application/json", "application/x-ndjson"],
  route: { method: "POST", path: "/api/v1/inventory" },
  command: {
    name: "inventory import",
    body: "file",
    positional: [],
    examples: [
      "inventory import inventory.json",
      "inventory import cmdb.ndjson --source cmdb --complete",
      "inventory import - < inventory.json",
    ],
  },
  async run({ fleet, principal, signal, progress, body }, { source: name, complete, acceptAbsence }) {
    if (body === undefined) throw new FleetError("InvalidInput", "there is no inventory to import")
    progress(0, 1, "reading")
    const { position } = await fleet.ledger.head()
    await fleet.reached(position)
    const { views, clock } = fleet
    const source = await inventorySource(body, { name, complete }, { views, clock })
    signal.throwIfAborted()
    progress(0, 1, "recording")
    const run = await fleet.discovery.look(source, { actor: principal.name, signal, acceptAbsence })
    await fleet.reached(run.position)
    return run
  },
})
