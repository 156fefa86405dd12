/**
 * From what is known and what was seen to what happened: pure, and the only place where discovery makes events.
 *
 * Laws (tests/property/decide.test.ts): evolving the known document by what was decided gives the observation over the fields that were
 * looked at and leaves the rest; deciding again yields nothing. The state of a service that flaps is the exception: it is as if no look saw it, until
 * it is decided that it has settled.
 */
import * as z from "zod"
import type { FleetEvent } from "#events/catalog.js"
import type { ServiceDocument, ServiceStatus } from "#events/facets/service.js"
import type { StackDocument } from "#events/facets/stack.js"
import type { ResourceStatus, TargetDocument } from "#events/facets/target.js"
import type { Policy } from "#events/policy.js"
import { bug } from "#kernel/errors.js"
import type { RecordId } from "#kernel/ids.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { patchBetween } from "#kernel/patch.js"
import type { Turn } from "./flapping.js"
import type { EntityKind, Observation } from "./observation.js"
import { facetsOf } from "./facets.js"
import { reconcile } from "./reconcile.js"

export interface Provenance {
  readonly source: string
  readonly nativeKey: string
  readonly generation: number
}

/** The first event of a record. @param resources the first state of each of a target's resources */
export function decideDiscovered(
  observation: Observation,
  provenance: Provenance,
  resources: Readonly<Record<string, ResourceStatus>>,
  target: RecordId | undefined,
): FleetEvent {
  const document = { lifecycle: "observed", ...observedFacets({}, observation) }
  if (observation.kind === "target") {
    const data = { ...provenance, document: { ...document, resources } as TargetDocument }
    return { type: "TargetDiscovered", data }
  }
  if (target === undefined) throw bug(`the ${observation.kind} ${observation.nativeKey} was seen on no target`)
  return observation.kind === "service"
    ? { type: "ServiceDiscovered", data: { ...provenance, target, document: document as ServiceDocument } }
    : { type: "StackDiscovered", data: { ...provenance, target, document: document as StackDocument } }
}

/** What the look changes in a record that is known. @param known its document */
export function decideSeen(
  known: JsonObject,
  observation: Observation,
  resources: Readonly<Record<string, ResourceStatus>>,
): FleetEvent[] {
  const { kind } = observation
  const events: FleetEvent[] = decideReturn(known, kind)
  for (const [facet, seen] of Object.entries(observedFacets(known, observation))) {
    if (facet !== "state" || known["flapping"] !== true) events.push(...decideFacet(kind, facet, known[facet], seen))
  }
  if (kind === "target") events.push(...decideResources(known["resources"], resources))
  return events
}

/** That a service begins to flap, or has settled. @param known its status before */
export function decideTurn(known: ServiceStatus, seen: ServiceStatus, turn: Turn): FleetEvent {
  if (turn.is === "ended") return { type: "ServiceFlappingEnded", data: { count: turn.count, status: seen } }
  const { changes, withinMs } = turn
  return { type: "ServiceFlappingStarted", data: { from: known, changes, withinMs } }
}

/** What follows when a complete look did not find a record; of a service that flaps, nothing before it has settled. @param looks complete looks in a row that missed it, this one included */
export function decideMissing(known: JsonObject, kind: EntityKind, looks: number, policy: Policy): FleetEvent[] {
  const lifecycle = known["lifecycle"]
  if (lifecycle === "retired") return []
  const retire = looks >= policy.retireAfterLooks
  if (kind === "target") {
    const unseen: FleetEvent[] = lifecycle === "observed" ? [{ type: "TargetUnseen", data: {} }] : []
    return retire ? [...unseen, { type: "TargetRetired", data: { from: "unseen" } }] : unseen
  }
  if (kind === "stack") return retire ? [{ type: "StackRetired", data: { from: "observed" } }] : []
  if (known["flapping"] === true) return []
  const status = statusOf(known)
  const stopped: FleetEvent[] =
    status === undefined || status === "stopped"
      ? []
      : [{ type: "ServiceStateChanged", data: { from: status, to: "stopped" } }]
  return retire ? [...stopped, { type: "ServiceRetired", data: { from: "observed" } }] : stopped
}

/** What was on a machine that is retired goes with it. How it was doing then nobody saw, so nothing is said of that. */
export function decideLeft(kind: EntityKind): FleetEvent {
  return { type: kind === "stack" ? "StackRetired" : "ServiceRetired", data: { from: "observed" } }
}

function decideReturn(known: JsonObject, kind: EntityKind): FleetEvent[] {
  const from = known["lifecycle"]
  if (kind === "target")
    return from === "unseen" || from === "retired" ? [{ type: "TargetReappeared", data: { from } }] : []
  if (from !== "retired") return []
  return [{ type: kind === "service" ? "ServiceReappeared" : "StackReappeared", data: { from } }]
}

/** The facets that were looked at, as they are known after the look. */
function observedFacets(known: JsonObject, { kind, facets }: Observation): Record<string, Json> {
  const schemas = facetsOf[kind]
  const seen: Record<string, Json> = {}
  for (const [facet, schema] of Object.entries(schemas)) {
    const observed = facets[facet]
    if (observed === undefined) continue
    const after = reconcile(schema, known[facet], observed)
    // A facet of nothing but gauges leaves nothing to record; a collection that is empty is known to be.
    const empty = isObject(after) && Object.keys(after).length === 0
    if (!empty || schema instanceof z.ZodRecord) seen[facet] = after
  }
  return seen
}

function decideFacet(kind: EntityKind, facet: string, known: Json | undefined, seen: Json): FleetEvent[] {
  const patch = patchBetween(known === undefined ? {} : { [facet]: known }, { [facet]: seen })
  if (patch.length === 0) return []
  const data = { facet, patch: [...patch] }
  if (kind === "target") return [{ type: "TargetChanged", data }]
  if (kind === "stack") return [{ type: "StackChanged", data }]
  const [from, to] = facet === "state" ? [statusOf({ state: known ?? null }), statusOf({ state: seen })] : []
  if (from !== undefined && to !== undefined) return [{ type: "ServiceStateChanged", data: { from, to } }]
  return [{ type: "ServiceChanged", data }]
}

/** @param known the states of a target's resources before the look @param next those after it */
export function decideResources(known: Json | undefined, next: Readonly<Record<string, ResourceStatus>>): FleetEvent[] {
  const before = isObject(known) ? known : {}
  const events: FleetEvent[] = []
  const same: Record<string, Json> = {}
  for (const [resource, to] of Object.entries(next)) {
    const from = before[resource] as ResourceStatus | undefined
    same[resource] = from ?? to
    if (from !== undefined && from !== to)
      events.push({ type: "TargetResourceStatusChanged", data: { resource, from, to } })
  }
  // Resources that came or went with what they belong to.
  return [...decideFacet("target", "resources", known, same), ...events]
}

export function statusOf(document: JsonObject): ServiceStatus | undefined {
  const state = document["state"]
  return isObject(state) && typeof state["status"] === "string" ? (state["status"] as ServiceStatus) : undefined
}
