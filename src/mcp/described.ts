/** Schemas as agents are told of them: they pay for each word, and what only bounds a length helps none of them to call a tool. What is sent is checked all the same. */
import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server"
import type * as z from "zod"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"

const untold = new Set(["$schema", "additionalProperties", "minLength", "maxLength"])

export function described(schema: z.ZodObject): StandardSchemaWithJSON<Record<string, unknown>> {
  const { jsonSchema, ...standard } = schema["~standard"]
  type Told = typeof jsonSchema.input
  const inFew = (tell: Told): Told => {
    // Over HTTP there is a server for each request, and the tools are the same.
    const known = new Map<string, Record<string, unknown>>()
    return (options) => {
      const told = known.get(options.target) ?? (short(tell(options) as JsonObject) as Record<string, unknown>)
      known.set(options.target, told)
      return told
    }
  }
  return {
    "~standard": { ...standard, jsonSchema: { input: inFew(jsonSchema.input), output: inFew(jsonSchema.output) } },
  }
}

function short(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(short)
  if (!isObject(schema)) return schema
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => !untold.has(key) && value !== Number.MAX_SAFE_INTEGER)
      .map(([key, value]) => [key, key === "properties" ? fields(value) : short(value)]),
  )
}

/** Whatever a field is called, it is told of. */
function fields(properties: Json): Json {
  return Object.fromEntries(Object.entries(properties as JsonObject).map(([name, schema]) => [name, short(schema)]))
}
