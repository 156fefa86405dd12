/** The facets of each kind of entity, by which looks are understood. */
import { serviceFacets } from "#events/facets/service.js"
import { stackFacets } from "#events/facets/stack.js"
import { targetFacets } from "#events/facets/target.js"

export const facetsOf = { target: targetFacets, service: serviceFacets, stack: stackFacets } as const
