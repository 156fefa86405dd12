/** What every event carries around its payload; the same on every engine. */
import * as z from "zod"
import type { Instant } from "#kernel/clock.js"
import type { EventId, StreamName } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { line } from "./facets/field.js"

/** Why the event is there. The actor wrote the event; who changed the machine is known only where a source says so. */
export const metadata = z.strictObject({
  /** `discovery`, `user:<name>`, `token:<name>`, `handler:<name>`, `system`. */
  actor: line,
  source: line.optional(),
  runId: z.uuid().optional(),
  correlationId: line.optional(),
  causationId: line.optional(),
  /** Who changed what the event tells of, as the source's own log calls them: `alice@pam`. */
  by: line.optional(),
  reason: line.optional(),
  ticket: line.optional(),
})
export type Metadata = z.infer<typeof metadata>

/** All but the payload, as recorded. `position` is not part of what is hashed: it is the place in the tree. */
export interface RecordedEnvelope {
  readonly position: Position
  readonly id: EventId
  readonly stream: StreamName
  /** Index in its stream, from 0. */
  readonly revision: number
  readonly schemaVersion: number
  readonly metadata: Metadata
  /** When it happened, if the source knows. It filters history and never reorders it. */
  readonly occurredAt?: Instant
  readonly observedAt: Instant
  /** Stamped by the writer; never earlier than that of the event before. */
  readonly recordedAt: Instant
}
