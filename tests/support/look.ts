/** A look as discovery would take it: every facet by its schema, the coverage as an event carries it, the whole as JSON that can be stored. */
import { serviceFacets } from "#events/facets/service.js"
import { stackFacets } from "#events/facets/stack.js"
import { targetFacets } from "#events/facets/target.js"
import { coverage } from "#events/source.js"
import type { Look, Observation, Source } from "#discovery/observation.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type * as z from "zod"

const facetsOf: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  target: targetFacets,
  service: serviceFacets,
  stack: stackFacets,
}

export async function lookAt(source: Source): Promise<Look & { readonly of: (nativeKey: string) => Observation }> {
  const look = await source.look(new AbortController().signal)
  const keys = new Set<string>()
  for (const { kind, nativeKey, facets } of look.observations) {
    for (const [facet, fields] of Object.entries(facets)) {
      const schema = facetsOf[kind]?.[facet]
      if (schema === undefined) throw new Error(`a ${kind} has no facet ${facet}`)
      schema.parse(fields)
    }
    if (keys.size === keys.add(`${kind} ${nativeKey}`).size) throw new Error(`${kind} ${nativeKey} was seen twice`)
  }
  coverage.parse(look.coverage)
  canonicalJson(look.observations)
  return {
    ...look,
    of(nativeKey) {
      const found = look.observations.find((observation) => observation.nativeKey === nativeKey)
      if (found === undefined) throw new Error(`${nativeKey} was not seen`)
      return found
    },
  }
}
