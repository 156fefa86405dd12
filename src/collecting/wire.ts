/** A look on its way from a collector: what a source gave there, in the shape that is believed here. Nothing else of it is. */
import * as z from "zod"
import { line } from "#events/facets/field.js"
import { serviceFacets } from "#events/facets/service.js"
import { stackFacets } from "#events/facets/stack.js"
import { resourceStatus, targetFacets } from "#events/facets/target.js"
import { coverage } from "#events/source.js"
import { didBy, logEntry } from "#discovery/accounts.js"
import type { Cause, Look } from "#discovery/observation.js"
import type { Instant } from "#kernel/clock.js"

const facetsOf = (facets: Readonly<Record<string, z.ZodType>>) =>
  z.strictObject(Object.fromEntries(Object.entries(facets).map(([name, facet]) => [name, facet.optional()])))

const nativeKey = line.min(1)
const observation = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("target"),
    nativeKey,
    facets: facetsOf(targetFacets),
    resources: z.record(line, resourceStatus).optional(),
  }),
  z.strictObject({ kind: z.literal("service"), nativeKey, on: nativeKey, facets: facetsOf(serviceFacets) }),
  z.strictObject({ kind: z.literal("stack"), nativeKey, on: nativeKey, facets: facetsOf(stackFacets) }),
])

/** Newest ones of a look. */
const mostCauses = 10_000

const cause = z.strictObject({
  kind: z.enum(["target", "service", "stack"]),
  nativeKey,
  by: line.optional(),
  reason: line,
  at: z.iso.datetime(),
  begins: z.boolean().optional(),
  entry: logEntry,
})

export const sent = z.strictObject({
  /** What the collector calls the place that it looked at. */
  source: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/),
  kind: line,
  /** Whether it lists what there is, so that two things in one look are two. */
  tellsApart: z.boolean(),
  result: z.discriminatedUnion("is", [
    z.strictObject({
      is: z.literal("seen"),
      observedAt: z.iso.datetime(),
      observations: z.array(observation),
      coverage,
      /** Who did what, by the source's own log; collectors of before there was this do not say. */
      causes: z.array(cause).max(mostCauses).default([]),
      hostKeysOffered: z.array(z.tuple([line, line])),
      /** Machines that it saw before and did not find, and why some of them may be there all the same. */
      missing: z.strictObject({ asked: z.array(nativeKey), why: z.array(z.tuple([nativeKey, line])) }).nullable(),
    }),
    z.strictObject({ is: z.literal("failed"), code: line, message: line }),
  ]),
})
export type Sent = z.infer<typeof sent>
type Seen = Extract<Sent["result"], { readonly is: "seen" }>

/** Those that can be sent. */
export function causesSent(causes: readonly Cause[]): Seen["causes"] {
  const latestFirst = causes.toSorted((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1))
  return latestFirst
    .flatMap(({ did: _, entry, ...said }) => (entry === undefined ? [] : [{ ...said, entry }]))
    .slice(0, mostCauses)
}

/** As a source here gives it. */
export function lookOf({ observedAt, observations, coverage: reach, hostKeysOffered, causes }: Seen): Look {
  return {
    observedAt: observedAt as Instant,
    observations: observations as unknown as Look["observations"],
    coverage: reach,
    causes: causes.map(({ at, by, ...said }) => ({
      ...said,
      ...(by !== undefined && { by }),
      at: at as Instant,
      did: didBy(said.entry),
    })) as readonly Cause[],
    hostKeysOffered: new Map(hostKeysOffered),
  }
}
