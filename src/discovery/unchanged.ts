/**
 * Whether a look saw of a record what the look before saw, and nobody wrote to it since: then deciding would yield nothing (the second law of decide.ts), so
 * neither the record's document needs to be read. What is decided depends on the policy and on how this program understands documents, so both are in the digest.
 */
import * as crypto from "node:crypto"
import type * as z from "zod"
import { catalog } from "#events/catalog.js"
import type { Policy } from "#events/policy.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { Json } from "#kernel/json.js"
import { facetsOf } from "./facets.js"
import type { Observation } from "./observation.js"
import { withoutGauges } from "./reconcile.js"

/** Of what was seen of one record, gauges apart. */
export type DigestOf = (observation: Observation) => Buffer

/** @param version of this program */
export function digestBy(policy: Policy, version: string): DigestOf {
  const events = Object.fromEntries(Object.entries(catalog).map(([type, definition]) => [type, definition.version]))
  const rules = crypto.hash("sha256", canonicalJson({ policy, version, events }), "hex")
  return ({ kind, facets }) => {
    const seen: (string | Json)[] = []
    for (const [facet, schema] of Object.entries<z.ZodType>(facetsOf[kind])) {
      const observed = facets[facet]
      if (observed !== undefined) seen.push(facet, withoutGauges(schema, observed))
    }
    // As it came, in whatever order: the same in another order is decided again, which costs time and nothing else.
    return crypto.hash("sha256", `${rules}\n${JSON.stringify(seen)}`, "buffer")
  }
}
