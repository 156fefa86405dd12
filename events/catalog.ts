/** Every event there is. What is not here can neither be written nor read. */
import type * as z from "zod"
import type { Instant } from "#kernel/clock.js"
import { FleetError, bug } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import { accessEvents } from "./access.js"
import { alertEvents } from "./alert.js"
import { baselineEvents } from "./baseline.js"
import { checkEvents } from "./check.js"
import { deadlineEvents } from "./deadline.js"
import type { EventDefinition } from "./define.js"
import type { Metadata, RecordedEnvelope } from "./envelope.js"
import { identityEvents } from "./identity.js"
import { intentEvents } from "./intent.js"
import { ledgerEvents } from "./ledger.js"
import { maintenanceEvents } from "./maintenance.js"
import { policyEvents } from "./policy.js"
import { serviceEvents } from "./service.js"
import { snapshotEvents } from "./snapshot.js"
import { sourceEvents } from "./source.js"
import { stackEvents } from "./stack.js"
import { targetEvents } from "./target.js"

export const catalog = {
  ...targetEvents,
  ...serviceEvents,
  ...stackEvents,
  ...identityEvents,
  ...sourceEvents,
  ...policyEvents,
  ...snapshotEvents,
  ...ledgerEvents,
  ...alertEvents,
  ...maintenanceEvents,
  ...baselineEvents,
  ...intentEvents,
  ...checkEvents,
  ...deadlineEvents,
  ...accessEvents,
}

export type EventType = keyof typeof catalog
export type EventData<T extends EventType> = z.infer<(typeof catalog)[T]["data"]>

type Tagged<T extends EventType> = { readonly type: T; readonly data: EventData<T> }
/** What happened: type and payload. */
export type FleetEvent = { [T in EventType]: Tagged<T> }[EventType]
/** An event of certain types. */
export type EventOf<T extends EventType> = { [K in T]: Tagged<K> }[T]

/** An event on its way into the ledger: id, revision and `recordedAt` are the writer's to give. */
export type NewEvent = FleetEvent & {
  readonly metadata: Metadata
  readonly observedAt: Instant
  readonly occurredAt?: Instant
}

/** An event as readers get it: upcast to the current version of its schema. */
export type RecordedEvent = RecordedEnvelope & FleetEvent

export const eventTypes = Object.keys(catalog) as EventType[]
/** The types that alter a record. */
export const changeTypes = eventTypes.filter((type) => catalog[type].change)

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(catalog, type)
}

/** @throws FleetError `SchemaViolation` naming the field, `UnknownEventType` for a type that is not in the catalog. */
export function validate(event: { readonly type: string; readonly data: unknown }): void {
  if (!isEventType(event.type)) throw new FleetError("UnknownEventType", `there is no event type "${event.type}"`)
  const result = catalog[event.type].data.safeParse(event.data)
  if (result.success) return
  const issue = result.error.issues[0]
  const path = `/${issue?.path.map(String).join("/") ?? ""}`
  throw new FleetError("SchemaViolation", `${event.type} does not match its schema at ${path}: ${issue?.message}`, {
    details: { type: event.type, path },
  })
}

/** The payload in the shape that is current now. */
export function upcast(type: EventType, schemaVersion: number, data: JsonObject): JsonObject {
  const definition: EventDefinition = catalog[type]
  if (schemaVersion > definition.version) {
    throw new FleetError(
      "NewerVersion",
      `${type} version ${schemaVersion} was written by a newer fleet-ledger; this one knows version ${definition.version}`,
    )
  }
  let current = data
  for (let version = schemaVersion; version < definition.version; version++) {
    current = (definition.upcasters[version] as (data: JsonObject) => JsonObject)(current)
  }
  return current
}

/** At start-up: every older version of every event has a way to the current one. */
export function checkCatalog(events: Readonly<Record<string, EventDefinition>> = catalog): void {
  for (const [type, { version, upcasters }] of Object.entries(events)) {
    const known = Object.keys(upcasters).map(Number)
    const wanted = Array.from({ length: version - 1 }, (_, index) => index + 1)
    if (known.join() !== wanted.join()) {
      throw bug(
        `${type} is at version ${version} and needs upcasters from [${wanted.join()}], but has them from [${known.join()}]`,
      )
    }
  }
}
