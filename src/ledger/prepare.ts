/** What an append goes through before any engine sees it: schema, canonical text, size. Nothing is written unless all of it passes. */
import { catalog, type EventType, type NewEvent, validate } from "#events/catalog.js"
import { type Metadata, metadata as metadataSchema } from "#events/envelope.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type EventId, type StreamName, eventId } from "#kernel/ids.js"
import { type HeadText, headText } from "./leaf.js"
import { maxBatch, maxEventBytes, noStream } from "./port.js"

/** An event ready to be stored: everything but what the writer stamps. */
export interface PreparedEvent {
  readonly id: EventId
  readonly revision: number
  readonly type: EventType
  readonly head: HeadText
  readonly dataText: string
}

const streamPattern = /^(?:[a-z]+-[A-Za-z0-9._-]+|[a-z]+)$/
const instantLength = 24
/** What it lets through that is no time is a day that its month does not have. */
const instantPattern = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/
/** Every month has the days before this one. */
const doubtfulDay = "29"

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
  // The events of a run share their metadata and the time they were seen at.
  const metadataTexts = new Map<Metadata, string>()
  let checkedTime: Instant | undefined
  return events.map((event, index) => {
    // First, as it names the path of what is not JSON however deep, and stops at a depth that the schema would not survive.
    const dataText = canonicalJson(event.data)
    validate(event)
    const { family, version } = catalog[event.type]
    if (stream !== family && !stream.startsWith(`${family}-`)) {
      throw invalid(`${event.type} belongs on a stream of the family "${family}", not on "${stream}"`)
    }
    if (event.observedAt !== checkedTime) checkInstant(event.observedAt, `${event.type} observedAt`)
    checkedTime = event.observedAt
    if (event.occurredAt !== undefined) checkInstant(event.occurredAt, `${event.type} occurredAt`)
    let metadataText = metadataTexts.get(event.metadata)
    if (metadataText === undefined) metadataTexts.set(event.metadata, (metadataText = checkedMetadata(event)))
    const id = eventId(stream, expectedRevision, command, index)
    const revision = expectedRevision + 1 + index
    const { type, observedAt, occurredAt } = event
    const occurred = occurredAt === undefined ? {} : { occurredAt }
    const head = headText({ id, stream, revision, type, schemaVersion: version, observedAt, ...occurred }, metadataText)
    const bytes = sizeOf(head, dataText)
    if (bytes > maxEventBytes)
      throw invalid(`${type} number ${index} has ${bytes} bytes; the limit is ${maxEventBytes}`)
    return { id, revision, type, head, dataText }
  })
}

/** Bytes of an event once it is stamped; no more than that where that is little. */
function sizeOf({ before, after }: HeadText, dataText: string): number {
  const units = before.length + after.length + dataText.length + instantLength
  // A UTF-16 unit takes three bytes at most: most events need no counting.
  if (units * 3 <= maxEventBytes) return units
  return instantLength + Buffer.byteLength(before) + Buffer.byteLength(after) + Buffer.byteLength(dataText)
}

function checkedMetadata(event: NewEvent): string {
  const checked = metadataSchema.safeParse(event.metadata)
  if (checked.success) return canonicalJson(event.metadata)
  const [issue] = checked.error.issues
  throw invalid(`${event.type} has wrong metadata at /${issue?.path.map(String).join("/")}: ${issue?.message}`)
}

function checkInstant(value: string, what: string): void {
  if (instantPattern.test(value) && (value.slice(8, 10) < doubtfulDay || isTime(value as Instant))) return
  throw invalid(`${what} is "${value}"; times are UTC with milliseconds, like 2026-11-23T14:00:00.000Z`)
}

/** No 31st of February. */
function isTime(value: Instant): boolean {
  const ms = epochMs(value)
  return !Number.isNaN(ms) && instant(ms) === value
}

function invalid(message: string): FleetError {
  return new FleetError("SchemaViolation", message)
}
