/** How an event type is declared: the schema of its payload, its version, and the way from older versions to this one. */
import type * as z from "zod"
import type { JsonObject } from "#kernel/json.js"

export type StreamFamily =
  | "target"
  | "service"
  | "stack"
  | "identity"
  | "source"
  | "policy"
  | "snapshots"
  | "ledger"
  | "alert"
  | "check"
  | "baseline"
  | "intent"
  | "maintenance"
  | "deadlines"
  | "access"

export interface EventDefinition<S extends z.ZodType = z.ZodType> {
  readonly family: StreamFamily
  /** Version of the schema that is written now, from 1. */
  readonly version: number
  readonly data: S
  /** Whether the event alters a record (a "change") rather than telling about the work of looking. */
  readonly change: boolean
  /** `upcasters[v]` turns the payload of version v into that of v + 1. Stored bytes are never rewritten. */
  readonly upcasters: Readonly<Record<number, (data: JsonObject) => JsonObject>>
}

/** Declares the first version of an event that alters a record. */
export function change<S extends z.ZodType>(family: StreamFamily, data: S): EventDefinition<S> {
  return { family, version: 1, data, change: true, upcasters: {} }
}

/** Declares the first version of an event that tells about the ledger's own work. */
export function account<S extends z.ZodType>(family: StreamFamily, data: S): EventDefinition<S> {
  return { family, version: 1, data, change: false, upcasters: {} }
}
