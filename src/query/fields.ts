/**
 * What can be asked for by name: short names for what is asked for most, and `facet.field` for every field that the ledger keeps. A collection's name asks
 * for the keys of its items (`packages:nginx`), its field for that of any of them (`sockets.process:sshd`).
 */
import * as z from "zod"
import { fieldClassOf } from "#events/facets/field.js"
import { serviceFacets, serviceStatus } from "#events/facets/service.js"
import { stackFacets } from "#events/facets/stack.js"
import { lifecycle, resourceStatus, role, targetFacets } from "#events/facets/target.js"
import type { Column, Condition, List, Test } from "#projections/entities/condition.js"
import { type Kind, kinds } from "#projections/inventory/read.js"

/** How what was written is understood: as one word, as words anywhere in it, as a number, as a moment, as true or false, or as what happened since one. */
export type FieldType = "word" | "prose" | "number" | "size" | "time" | "truth" | "address" | "port" | "since"

export interface Field {
  readonly name: string
  readonly type: FieldType
  /** All there are, where they are known. */
  readonly values?: readonly string[]
  readonly condition: (test: Test) => Condition
}

export type Fields = ReadonlyMap<string, Field>

const facetsByKind = { target: targetFacets, service: serviceFacets, stack: stackFacets }

const column = (name: string, type: FieldType, of: Column = name as Column, values?: readonly string[]): Field => ({
  name,
  type,
  ...(values === undefined ? {} : { values }),
  condition: (test) => ({ is: "column", column: of, test }),
})
const member = (name: string, list: List, type: FieldType = "word"): Field => ({
  name,
  type,
  condition: (test) => ({ is: "member", list, test }),
})
const field = (name: string, path: string, type: FieldType = "word", values?: readonly string[]): Field => ({
  name,
  type,
  ...(values === undefined ? {} : { values }),
  condition: (test) => ({ is: "field", path, test }),
})
const item = (name: string, collection: string, type: FieldType = "word"): Field => ({
  name,
  type,
  condition: (test) => ({ is: "item", collection, test }),
})
const since = (name: "changed" | "discovered"): Field => ({
  name,
  type: "since",
  condition: () => ({ is: "all", of: [] }),
})

const ofAll = [
  column("name", "word"),
  column("lifecycle", "word", "lifecycle", lifecycle.options),
  member("source", "sources"),
  { name: "key", type: "word", condition: (test) => ({ is: "nativeKey", test }) } satisfies Field,
  since("changed"),
  since("discovered"),
]

const short: Readonly<Record<Kind, readonly Field[]>> = {
  target: [
    ...ofAll,
    column("role", "word", "role", role.options),
    column("status", "word", "status", resourceStatus.options),
    column("health", "number"),
    column("os", "prose"),
    column("environment", "word"),
    member("tag", "tags"),
    member("address", "addresses", "address"),
    item("group", "/labels/groups"),
    item("port", "/sockets", "port"),
    item("package", "/packages"),
    item("interface", "/network/interfaces"),
    item("filesystem", "/storage/filesystems"),
    field("hostname", "/identity/hostname"),
    field("kernel", "/os/kernel"),
    field("owner", "/labels/owner"),
    field("description", "/labels/description", "prose"),
    field("arch", "/hardware/architecture"),
    field("virtualization", "/hardware/virtualization"),
    field("cpu", "/hardware/cpuCores", "number"),
    field("memory", "/hardware/memoryMiB", "size"),
    field("firewall", "/security/firewall"),
  ],
  service: [
    ...ofAll,
    column("status", "word", "status", serviceStatus.options),
    column("runtime", "word", "runtime", ["systemd", "process", "docker"]),
    column("stack", "word"),
    column("image", "prose"),
    item("port", "/config/ports", "port"),
    field("description", "/config/description", "prose"),
    field("user", "/config/user"),
    field("executable", "/config/executable"),
    field("enabled", "/config/enabled"),
    field("privileged", "/container/privileged", "truth"),
    item("env", "/container/environment"),
    item("label", "/container/labels"),
    item("mount", "/container/mounts"),
  ],
  stack: [
    ...ofAll,
    column("runtime", "word", "runtime", ["compose", "swarm"]),
    item("file", "/config/files"),
    field("folder", "/config/workingDir"),
  ],
}

/** Where several words stand, and some of them are asked for. */
const prose = new Set(["description", "cpuModel", "product", "vendor", "image", "executable", "subject", "issuer"])
const moments = new Set(["notAfter", "keyExpires", "takenAt"])

/** Every field of a kind by its name. */
export const fieldsOf: Readonly<Record<Kind, Fields>> = Object.fromEntries(
  kinds.map((kind) => {
    const long = Object.entries<z.ZodType>(facetsByKind[kind]).flatMap(([facet, schema]) => fieldsIn(schema, [facet]))
    return [kind, new Map([...long, ...short[kind]].map((one) => [one.name, one]))]
  }),
) as unknown as Record<Kind, Fields>

/** The fields of a facet, or of an object in one. */
function fieldsIn(schema: z.ZodType, path: readonly string[]): Field[] {
  const bare = unwrapped(schema)
  if (fieldClassOf(schema) === "gauge") return []
  const pointer = `/${path.join("/")}`
  const name = path.join(".")
  if (bare instanceof z.ZodRecord) {
    const inside = unwrapped(bare.valueType as z.ZodType)
    const members = inside instanceof z.ZodObject ? Object.entries<z.ZodType>(inside.shape) : []
    return [item(name, pointer), ...members.flatMap(([key, of]) => itemField(of, pointer, name, key))]
  }
  if (bare instanceof z.ZodObject)
    return Object.entries<z.ZodType>(bare.shape).flatMap(([key, of]) => fieldsIn(of, [...path, key]))
  const { type, values } = typeOf(bare, path.at(-1) as string)
  return [field(name, pointer, type, values)]
}

function itemField(schema: z.ZodType, collection: string, name: string, key: string): Field[] {
  if (fieldClassOf(schema) === "gauge") return []
  const bare = unwrapped(schema)
  const keys = bare instanceof z.ZodRecord
  const { type, values } = keys ? { type: "word" as const, values: undefined } : typeOf(bare, key)
  return [
    {
      name: `${name}.${key}`,
      type,
      ...(values === undefined ? {} : { values }),
      condition: (test) => ({ is: "itemField", collection, field: key, keys, test }),
    },
  ]
}

function typeOf(schema: z.ZodType, key: string): { readonly type: FieldType; readonly values?: readonly string[] } {
  if (schema instanceof z.ZodEnum) return { type: "word", values: schema.options as string[] }
  if (schema instanceof z.ZodBoolean) return { type: "truth" }
  if (schema instanceof z.ZodNumber) return { type: key.endsWith("MiB") ? "size" : "number" }
  return { type: moments.has(key) ? "time" : prose.has(key) ? "prose" : "word" }
}

function unwrapped(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable
    ? unwrapped(schema.unwrap() as z.ZodType)
    : schema
}
