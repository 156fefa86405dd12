/** The packages of one machine as a bill of materials, CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). */
import { FleetError } from "#kernel/errors.js"
import { contentId } from "#kernel/ids.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import type { Point } from "#kernel/point.js"
import type { ViewsReader } from "#projections/views.js"
import { entityRef, findEntity } from "#timeline/entity.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { purlOf } from "./purl.js"

/** The same of the same machine at the same point. @throws FleetError `NotFound`, `InvalidInput` for what is no machine or whose packages nobody looked at */
export async function cycloneDx(views: ViewsReader, reference: string, point: Point, version: string): Promise<string> {
  const { position } = point
  const record = await findEntity(views, reference, position)
  const { id, name } = await entityRef(views, record, position)
  if (record.kind !== "target")
    throw new FleetError("InvalidInput", `"${name.slice(0, 120)}" is a ${record.kind}; packages are those of a machine`)
  const records = await recordsOfTarget(views, id, position)
  const { os, packages } = await documentOfTarget(views, records, position, ["os", "packages"])
  if (!isObject(packages))
    throw new FleetError("NotFound", `nobody has looked at the packages of "${name.slice(0, 120)}" by then`)
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${contentId(`${id}\n${position}`)}`,
    version: 1,
    metadata: {
      timestamp: point.time,
      tools: { components: [{ type: "application", name: "fleet-ledger", version }] },
      component: { type: "device", "bom-ref": id, name },
    },
    components: [...systemOf(os), ...componentsOf(os, packages)],
  }
  return `${JSON.stringify(bom, undefined, 1)}\n`
}

function systemOf(os: Json | undefined): JsonObject[] {
  const { id, version } = fieldsOf(os)
  if (id === null) return []
  return [{ type: "operating-system", "bom-ref": `os:${id}`, name: id, ...(version === null ? {} : { version }) }]
}

function componentsOf(os: Json | undefined, packages: JsonObject): JsonObject[] {
  const { id, version: release } = fieldsOf(os)
  const system = { id: id ?? "linux", version: release }
  const components = new Map<string, JsonObject>()
  for (const [key, item] of Object.entries(packages)) {
    const { version, architecture } = isObject(item) ? item : {}
    // A package for another architecture than the machine's has it after its name.
    const foreign = `:${text(architecture) ?? ""}`
    const native = key.slice("pkg:".length)
    const name = foreign !== ":" && native.endsWith(foreign) ? native.slice(0, -foreign.length) : native
    // Of a kernel several are installed at once.
    for (const one of (text(version) ?? "").split(", ")) {
      const purl = purlOf(system, name, one, text(architecture))
      components.set(purl, { type: "library", "bom-ref": purl, name, ...(one === "" ? {} : { version: one }), purl })
    }
  }
  return [...components.values()]
}

function fieldsOf(os: Json | undefined): { readonly id: string | null; readonly version: string | null } {
  const { id, version } = isObject(os) ? os : {}
  return { id: text(id), version: text(version) }
}

function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null
}
