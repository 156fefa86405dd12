/**
 * Redacting a text: it is masked in every payload that holds it, and the ledger says who did it and why. A payload is never taken away whole: what came
 * after it could no longer be replayed.
 */
import { isEventType, type NewEvent, upcast, validate } from "#events/catalog.js"
import type { Metadata } from "#events/envelope.js"
import type { Clock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import { type Position, origin } from "#kernel/point.js"
import type { EnvelopeHead } from "./leaf.js"
import { masked, mentions } from "./mask.js"
import { type Ledger, type RedactedPayload, ledgerStream } from "./port.js"
import { unlessBeaten } from "./unless-beaten.js"

export interface Redaction {
  /** Payloads that held it. */
  readonly payloads: number
  readonly mask: string
  /** Positions of events that hold it in their envelope (who did it, for what reason), which a leaf shows openly and nothing can take away. */
  readonly envelopes: readonly Position[]
  /** Of the last event that tells of it. */
  readonly position: Position
}

const pageSize = 1_000
/** Each of them writes archives anew. */
const mostAttempts = 5

/**
 * @throws FleetError `NotFound` if no payload holds it, `InvalidInput` if an event would no longer be one of its type, `Forbidden` on an engine that keeps
 *   bytes for ever; then nothing was changed
 */
export async function redactText(
  ledger: Ledger,
  text: string,
  metadata: Metadata,
  clock: Clock,
  progress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Redaction> {
  const mask = `[redacted ${(await ledger.head()).position + 1}]`
  const envelopes: Position[] = []
  let [payloads, position, read] = [0, origin, origin]
  // Again for what was recorded meanwhile, until nothing of it is left.
  for (;;) {
    const { position: head } = await ledger.head()
    const left: RedactedPayload[] = []
    while (read < head) {
      if (signal.aborted) throw new FleetError("Cancelled", "the redaction was cancelled")
      for (const event of await ledger.readStored({ after: read, upTo: head, limit: pageSize })) {
        if (mentions(event.head, text)) envelopes.push(event.position)
        if (mentions(event.data, text)) left.push({ position: event.position, data: rest(event, text, mask) })
        read = event.position
      }
      progress(read + 1, head + 1)
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (left.length === 0) break
    const told: NewEvent = {
      type: "DataRedacted",
      data: { positions: left.map((payload) => payload.position), mask },
      metadata,
      observedAt: clock.now(),
    }
    // A checkpoint may be signed meanwhile: again, behind that.
    const redact = async () => ledger.redact(left, told, await ledger.revisionOf(ledgerStream))
    position = (await unlessBeaten(redact, mostAttempts)).position
    payloads += left.length
  }
  if (payloads === 0) throw new FleetError("NotFound", `no payload holds this text${elsewhere(envelopes)}`)
  return { payloads, mask, envelopes, position }
}

/** What is left of a payload, which must still be one of its type. */
function rest(
  { head, data, position }: { head: string; data: string; position: Position },
  text: string,
  mask: string,
) {
  const { type, schemaVersion } = JSON.parse(head) as EnvelopeHead
  const left = masked(JSON.parse(data) as JsonObject, text, mask)
  try {
    validate({ type, data: isEventType(type) ? upcast(type, schemaVersion, left) : left })
  } catch (cause) {
    throw new FleetError(
      "InvalidInput",
      `the ${type} at position ${position} holds this text where it cannot be masked; nothing was redacted. Give more of the text, so that only that is masked`,
      { cause },
    )
  }
  return left
}

function elsewhere(envelopes: readonly Position[]): string {
  return envelopes.length === 0
    ? ""
    : `; the envelope at position ${envelopes.join(", ").slice(0, 200)} does, where it cannot be taken away`
}
