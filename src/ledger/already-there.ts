/** What an append answers that finds its place taken, on every engine: it may be the same append, which came again. */
import { FleetError } from "#kernel/errors.js"
import { type StreamName, eventId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { headIn } from "./leaf.js"
import { type Appended, noStream } from "./port.js"
import type { PreparedEvent } from "./prepare.js"

export interface PendingAppend {
  readonly stream: StreamName
  readonly expectedRevision: number
  readonly events: readonly PreparedEvent[]
  readonly command: string
}

export type Outcome = Appended | FleetError

/**
 * The same append again answers as it did the first time; anything else at a taken revision is a conflict.
 *
 * @param stored what is behind the expected revision, up to one event more than the append has
 */
export function alreadyThere(
  { stream, expectedRevision: expected, events, command }: PendingAppend,
  actual: number,
  stored: readonly { position: number; head: string; data: string }[],
): Outcome {
  const there = stored.map(({ position, head, data }) => {
    // One that is damaged is nobody's.
    const envelope = headIn(head)
    return { position, id: envelope?.id, type: envelope?.type, data }
  })
  const isOfThisCommand = (index: number) => there[index]?.id === eventId(stream, expected, command, index)
  if (!isOfThisCommand(0)) {
    return new FleetError(
      "RevisionConflict",
      `${stream} is at ${revisionName(actual)}, not at ${revisionName(expected)}: somebody else wrote to it`,
      { details: { stream, expected, actual } },
    )
  }
  const last = there[events.length - 1]
  const same = events.every(
    ({ type, dataText }, index) =>
      isOfThisCommand(index) && type === there[index]?.type && dataText === there[index]?.data,
  )
  // The command wrote more than it brings now when the event after its last is its own too.
  if (same && last !== undefined && !isOfThisCommand(events.length)) {
    return { revision: expected + events.length, position: last.position as Position }
  }
  return new FleetError("EventIdReused", `${stream} already holds this command's events with other content`, {
    details: { stream, expected, actual },
  })
}

function revisionName(revision: number): string {
  return revision === noStream ? "no stream" : `revision ${revision}`
}
