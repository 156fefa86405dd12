/**
 * A catch-up subscription to $all: confirmed first, then every event behind the position that passes the filter, then live. A filtered one
 * is told now and then how far it was looked, so that a reader of quiet streams need not start from afar. As the servers since 24 do it
 * (Enumerator.AllSubscriptionFiltered).
 */
import streams from "@eventstore/db-client/generated/streams_pb.js"
import { type Store, type StoredEvent, beforeAll } from "./store.js"
import { eventMessage } from "./wire.js"

type Options = streams.ReadReq.Options

/** How many events are looked at in one go when the client leaves it to the server. */
const defaultWindow = 32

export async function* follow(store: Store, options: Options, over: AbortSignal): AsyncGenerator<streams.ReadResp> {
  const filter = options.getFilter()
  const passes = filterOf(filter)
  const interval = checkpointInterval(filter)
  let position = startOf(store, options.getAll())
  let told = position
  let looked = 0
  let live = false
  const id = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId("subscription")
  yield new streams.ReadResp().setConfirmation(id)
  while (!over.aborted) {
    const event = store.next(position)
    if (event === undefined && live) {
      await store.appended.next(over)
    } else if (event === undefined) {
      if (filter !== undefined && looked > 0) yield checkpoint(told)
      yield new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp())
      live = true
      looked = 0
    } else {
      position = event.position
      looked++
      const reached = looked % interval === 0
      if (passes(event) || reached) told = position
      if (passes(event)) yield eventMessage(event)
      if (reached) yield checkpoint(position)
    }
  }
}

/** Exclusive: what was read last is not sent again. */
function startOf(store: Store, all: streams.ReadReq.Options.AllOptions | undefined): bigint {
  if (all?.hasEnd() === true) return store.all.at(-1)?.position ?? beforeAll
  return BigInt(all?.getPosition()?.getCommitPosition() ?? beforeAll)
}

function filterOf(filter: streams.ReadReq.Options.FilterOptions | undefined): (event: StoredEvent) => boolean {
  const expression = filter?.getStreamIdentifier() ?? filter?.getEventType()
  if (filter === undefined || expression === undefined) return () => true
  const prefixes = expression.getPrefixList()
  const pattern = new RegExp(expression.getRegex(), "u")
  const passes = (text: string) =>
    prefixes.length > 0 ? prefixes.some((prefix) => text.startsWith(prefix)) : pattern.test(text)
  return filter.hasStreamIdentifier() ? ({ stream }) => passes(stream) : ({ type }) => passes(type)
}

/** In events that were looked at; without a filter there are no checkpoints. */
function checkpointInterval(filter: streams.ReadReq.Options.FilterOptions | undefined): number {
  if (filter === undefined) return Infinity
  return (filter.hasMax() ? filter.getMax() : defaultWindow) * filter.getCheckpointintervalmultiplier()
}

/** Where nothing was passed on yet, that is the start of the log. */
function checkpoint(told: bigint): streams.ReadResp {
  const position = told === beforeAll ? 0n : told
  const reached = new streams.ReadResp.Checkpoint()
    .setCommitPosition(String(position))
    .setPreparePosition(String(position))
  return new streams.ReadResp().setCheckpoint(reached)
}
