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

/** What an event leaves behind while it is handled. */
export interface Left {
  /** What is to be written with the checkpoint. */
  readonly writes: Write[]
  /** What is being appended, whether or not the handler waits for it. */
  readonly appends: Promise<unknown>[]
}

/** Begins what is asked for in that order: each when the one before has been given to the ledger, and all that is of the same alert is over. */
export type InOrder = <T>(alert: string, work: (given: () => void) => Promise<T>) => Promise<T>

export function inOrder(): InOrder {
  const last = new Map<string, Promise<void>>()
  let turn: Promise<void> = Promise.resolve()
  return (alert, work) => {
    const before = Promise.all([turn, last.get(alert)])
    let given = () => {}
    turn = new Promise((resolve) => (given = resolve))
    const mine = before.then(() => work(given))
    const over = mine.then(given, given)
    last.set(alert, over)
    void over.finally(() => {
      if (last.get(alert) === over) last.delete(alert)
    })
    return mine
  }
}

interface Handled {
  readonly handler: string
  readonly cause: RecordedEvent
  readonly signal: AbortSignal
}

/** The context in which a handler handles an event, once. */
export function contextOf(
  ledger: Ledger,
  { handler, cause, signal }: Handled,
  left: Left,
  ordered: InOrder,
): HandlerContext {
  const put = ({ alert, event }: Effect, given: () => void): Promise<boolean> => {
    if (event.type !== "AlertRaised") return goOn(ledger, alert, event, { handler, cause, given })
    // What it tells of was observed when its cause was, however late it is handled.
    const begun = begin(ledger, alert, event, handler, cause, cause.observedAt)
    given()
    return begun
  }
  return {
    signal,
    keep: (write) => void left.writes.push(write),
    append(...effects) {
      const appends = effects.map((effect) => ordered(effect.alert, (given) => put(effect, given)))
      const appended = Promise.all(appends).then((stand) => !stand.includes(false))
      const over = Promise.allSettled(appends).then(() => appended)
      over.catch(() => undefined)
      left.appends.push(over)
      return appended
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

/** Appends to an alert's stream, unless that is over or this cause has brought it about before. @returns whether it did */
async function goOn(
  ledger: Ledger,
  id: string,
  effect: Effect["event"],
  { handler, cause, given }: Omit<Handled, "signal"> & { readonly given: () => void },
): Promise<boolean> {
  const stream = `alert-${id}` as StreamName
  const actor = `handler:${handler}`
  const event = { ...effect, metadata: { actor, causationId: cause.id }, observedAt: cause.observedAt }
  for (let attempt = 1; ; attempt++) {
    const there = await ledger.readStream(stream, { limit: longestStory, backwards: true })
    const isDone = ({ type, metadata }: RecordedEvent) =>
      type === "AlertResolved" || (type === effect.type && metadata.causationId === cause.id)
    const [last] = there
    if (last === undefined || there.some(isDone)) return false
    try {
      const appended = ledger.append(stream, last.revision, [event], `${actor}:${cause.id}`)
      given()
      await appended
      return true
    } catch (error) {
      const isConflict = error instanceof FleetError && error.code === "RevisionConflict"
      if (!isConflict || attempt === mostAttempts) throw error
    }
  }
}

/** Appends the first event of the stream `alert-<id>`, if it is not there. @returns false where another is */
async function begin(
  ledger: Ledger,
  id: string,
  effect: Effect["event"],
  handler: string,
  cause: RecordedEvent,
  observedAt: Instant,
): Promise<boolean> {
  const actor = `handler:${handler}`
  const event = { ...effect, metadata: { actor, causationId: cause.id }, observedAt }
  try {
    await ledger.append(`alert-${id}` as StreamName, noStream, [event], `${actor}:${cause.id}`)
    return true
  } catch (error) {
    // Said otherwise before: what was said first stands.
    if (!(error instanceof FleetError && error.code === "EventIdReused")) throw error
    return false
  }
}
