/** The keys that a collection of a facet allows, read off its schema. */
import * as z from "zod"

/** What stands in front of the colon. */
export function prefixesOf(keys: z.ZodType): readonly string[] {
  const { pattern } = z.toJSONSchema(keys)
  const prefixes = /^\^\(\?:([\w|]+)\):$/.exec(pattern ?? "")?.[1]?.split("|")
  if (prefixes === undefined) throw new Error(`what keys are ${pattern}?`)
  return prefixes
}
