/** What an append goes through before any engine sees it: schema, canonical text, size. Nothing is written unless all of it passes. */
import { catalog, isEventType, validate, type NewEvent } from "#events/catalog.js"
import { metadata as metadataSchema } from "#events/envelope.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type EventId, type StreamName, eventId } from "#kernel/ids.js"
import { headText } from "./leaf.js"
import { maxBatch, maxEventBytes, noStream } from "./port.js"

/** An event ready to be stored at `revision`: everything but what the writer stamps. */
export interface PreparedEvent {
  readonly id: EventId
  readonly revision: number
  readonly type: string
  readonly schemaVersion: number
  readonly observedAt: Instant
  readonly occurredAt?: Instant
  readonly metadataText: string
  readonly dataText: string
}

const streamPattern = /^(?:[a-z]+-[A-Za-z0-9._-]+|[a-z]+)$/
const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

/** @throws FleetError `SchemaViolation` or `UnknownEventType`, naming what is wrong and where. */
export function prepare(
  stream: StreamName,
  expectedRevision: number,
  events: readonly NewEvent[],
  command: string,
): PreparedEvent[] {
  if (!streamPattern.test(stream)) throw invalid(`"${stream}" is not the name of a stream`)
  if (!Number.isSafeInteger(expectedRevision) || expectedRevision < noStream) {
    throw invalid(`the expected revision is ${expectedRevision}; allowed are ${noStream} (no stream) and up`)
  }
  if (command === "") throw invalid("an append needs a command to derive its events' ids from")
  if (events.length > maxBatch) {
    throw invalid(
      `an append of ${events.length} events is over the limit of ${maxBatch}; append them in several batches`,
    )
  }
  return events.map((event, index) => prepareOne(stream, expectedRevision, event, command, index))
}

function prepareOne(
  stream: StreamName,
  expectedRevision: number,
  event: NewEvent,
  command: string,
  index: number,
): PreparedEvent {
  // First, as it names the path of what is not JSON however deep, and stops at a depth that the schema would not survive.
  const dataText = canonicalJson(event.data)
  validate(event)
  if (!isEventType(event.type)) throw invalid(`there is no event type "${event.type as string}"`)
  const { family, version } = catalog[event.type]
  if (stream !== family && !stream.startsWith(`${family}-`)) {
    throw invalid(`${event.type} belongs on a stream of the family "${family}", not on "${stream}"`)
  }
  checkInstant(event.observedAt, `${event.type} observedAt`)
  if (event.occurredAt !== undefined) checkInstant(event.occurredAt, `${event.type} occurredAt`)
  const checkedMetadata = metadataSchema.safeParse(event.metadata)
  if (!checkedMetadata.success) {
    const issue = checkedMetadata.error.issues[0]
    throw invalid(`${event.type} has wrong metadata at /${issue?.path.map(String).join("/")}: ${issue?.message}`)
  }
  const metadataText = canonicalJson(event.metadata)
  const head = {
    id: eventId(stream, expectedRevision, command, index),
    revision: expectedRevision + 1 + index,
    type: event.type,
    schemaVersion: version,
    observedAt: event.observedAt,
    ...(event.occurredAt === undefined ? {} : { occurredAt: event.occurredAt }),
  }
  // Every time has the same length, so any may stand for `recordedAt`.
  const envelope = headText({ ...head, stream, recordedAt: event.observedAt }, metadataText)
  const bytes = Buffer.byteLength(dataText) + Buffer.byteLength(envelope)
  if (bytes > maxEventBytes) {
    throw invalid(`${event.type} number ${index} has ${bytes} bytes; the limit is ${maxEventBytes}`)
  }
  return { ...head, metadataText, dataText }
}

function checkInstant(value: string, what: string): void {
  if (!instantPattern.test(value) || !isTime(value as Instant))
    throw invalid(`${what} is "${value}"; times are UTC with milliseconds, like 2026-11-23T14:00:00.000Z`)
}

/** Neither the 31st of February nor 25 o'clock. */
function isTime(value: Instant): boolean {
  const ms = epochMs(value)
  return !Number.isNaN(ms) && instant(ms) === value
}

function invalid(message: string): FleetError {
  return new FleetError("SchemaViolation", message)
}
