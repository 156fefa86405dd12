/**
 * A catch-up subscription to $all: confirmed first, then every event behind the position that passes the filter, then live. A filtered one
 * is told now and then how far it was looked, so that a reader of a quiet stream need not start from afar.
 */
import streams from "@eventstore/db-client/generated/streams_pb.js"
import { type Store, type StoredEvent, beforeAll } from "./store.js"
import { eventMessage } from "./wire.js"

type Options = streams.ReadReq.Options

/** How many events are looked at in one go when the client leaves it to the server. */
const defaultWindow = 32

export async function* follow(store: Store, options: Options, over: AbortSignal): AsyncGenerator<streams.ReadResp> {
  const passes = filterOf(options.getFilter())
  const interval = checkpointInterval(options.getFilter())
  let position = startOf(store, options.getAll())
  let looked = 0
  let live = false
  yield new streams.ReadResp().setConfirmation(
    new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId("subscription"),
  )
  while (!over.aborted) {
    const event = store.next(position)
    if (event === undefined) {
      if (live) await store.appended.next(over)
      else yield new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp())
      live = true
      continue
    }
    position = event.position
    looked++
    if (passes(event)) yield eventMessage(event)
    if (looked % interval === 0) yield checkpoint(position)
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

function checkpoint(position: bigint): streams.ReadResp {
  const reached = new streams.ReadResp.Checkpoint()
    .setCommitPosition(String(position))
    .setPreparePosition(String(position))
  return new streams.ReadResp().setCheckpoint(reached)
}
