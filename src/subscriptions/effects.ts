/**
 * Appending because of an event. Whoever handles may die between append and checkpoint and then does it again, so an alert's stream is named by its
 * cause and expected not to be there, and what goes on there says what caused it: nothing is appended because of the same event twice.
 */
import type { RecordedEvent } from "#events/catalog.js"
import type { Instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import { type Ledger, noStream } from "#ledger/port.js"
import type { Write } from "#ops/checkpoints.js"
import type { DeadLetter } from "#ops/dead-letters.js"
import type { Effect, HandlerContext } from "./handler.js"

/** The context in which `handler` handles `cause`, once. @param kept takes what is to be written with the checkpoint */
export function contextOf(
  ledger: Ledger,
  handler: string,
  cause: RecordedEvent,
  kept: Write[],
  signal: AbortSignal,
): HandlerContext {
  return {
    signal,
    keep: (write) => void kept.push(write),
    async append(...effects) {
      for (const { alert, event } of effects) {
        // What it tells of was observed when its cause was, however late it is handled.
        if (event.type === "AlertRaised") await begin(ledger, alert, event, handler, cause, cause.observedAt)
        else await goOn(ledger, alert, event, handler, cause)
      }
    },
  }
}

const rule = "dead-letter"
/** Of a title, so that it fits its schema's line. */
const longest = 1_000
/** Events of an alert that are looked through. */
const longestStory = 1_000

/** Raises the alert that an event was set aside: one for each letter, however often it is parked. */
export async function raiseDeadLetter(ledger: Ledger, letter: DeadLetter, cause: RecordedEvent): Promise<void> {
  // A handler that chokes on such an alert would otherwise bring about the next one, for ever.
  if (cause.type === "AlertRaised" && cause.data.rule === rule) return
  const { id, handler, position, message, at } = letter
  const title = `${handler} could not handle ${cause.type} at position ${position}: ${message}`
  const data = {
    rule,
    severity: "warning",
    title: title.slice(0, longest).toWellFormed(),
    about: { kind: "subscription", name: handler },
    cause: position,
  } as const
  await begin(ledger, id, { type: "AlertRaised", data }, handler, cause, at)
}

/** How often it is appended anew where somebody else wrote to the alert meanwhile. */
const mostAttempts = 5

/** Appends to an alert's stream, unless that is over or this cause has brought it about before. */
async function goOn(
  ledger: Ledger,
  id: string,
  effect: Effect["event"],
  handler: string,
  cause: RecordedEvent,
): Promise<void> {
  const stream = `alert-${id}` as StreamName
  const actor = `handler:${handler}`
  const event = { ...effect, metadata: { actor, causationId: cause.id }, observedAt: cause.observedAt }
  for (let attempt = 1; ; attempt++) {
    const there = await ledger.readStream(stream, { limit: longestStory, backwards: true })
    const isDone = ({ type, metadata }: RecordedEvent) =>
      type === "AlertResolved" || (type === effect.type && metadata.causationId === cause.id)
    const [last] = there
    if (last === undefined || there.some(isDone)) return
    try {
      await ledger.append(stream, last.revision, [event], `${actor}:${cause.id}`)
      return
    } catch (error) {
      const isConflict = error instanceof FleetError && error.code === "RevisionConflict"
      if (!isConflict || attempt === mostAttempts) throw error
    }
  }
}

/** Appends the first event of the stream `alert-<id>`, if it is not there. */
async function begin(
  ledger: Ledger,
  id: string,
  effect: Effect["event"],
  handler: string,
  cause: RecordedEvent,
  observedAt: Instant,
): Promise<void> {
  const actor = `handler:${handler}`
  const event = { ...effect, metadata: { actor, causationId: cause.id }, observedAt }
  try {
    await ledger.append(`alert-${id}` as StreamName, noStream, [event], `${actor}:${cause.id}`)
  } catch (error) {
    // Said otherwise before: what was said first stands.
    if (!(error instanceof FleetError && error.code === "EventIdReused")) throw error
  }
}
