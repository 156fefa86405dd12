/** Read: a stream or $all, forwards or backwards, or a subscription to $all. What each sends, one message after the other. */
import { once } from "node:events"
import streams from "@eventstore/db-client/generated/streams_pb.js"
import * as grpc from "@grpc/grpc-js"
import type { OpenCall } from "./calls.js"
import { Refusal, streamDeleted } from "./errors.js"
import { type Node, admit } from "./node.js"
import type { Store, StoredEvent } from "./store.js"
import { follow } from "./subscription.js"
import { eventMessage, identifierOf, nameOf } from "./wire.js"

type Options = streams.ReadReq.Options

export function read(node: Node): grpc.handleServerStreamingCall<streams.ReadReq, streams.ReadResp> {
  return (call) => {
    const options = call.request.getOptions() ?? new streams.ReadReq.Options()
    node.calls.stream(options.hasSubscription() ? "subscriptions" : "reads", call, async (open) => {
      await admit(node, open)
      const messages = options.hasSubscription()
        ? subscription(node.store, options, open)
        : answers(node.store, options)
      let events = 0
      for await (const message of messages) {
        await node.faults.beforeMessage(open)
        if (open.over.aborted) return
        if (!call.write(message)) await once(call, "drain", { signal: open.over })
        if (message.hasEvent()) events++
        node.faults.sent(open, events)
      }
    })
  }
}

function subscription(store: Store, options: Options, open: OpenCall): AsyncIterable<streams.ReadResp> {
  if (options.hasAll()) return follow(store, options, open.over)
  throw new Refusal(grpc.status.UNIMPLEMENTED, "Only $all can be subscribed to here")
}

function answers(store: Store, options: Options): readonly streams.ReadResp[] {
  const stream = options.getStream()
  const found = stream ? inStream(store, stream, backwards(options)) : inAll(store, options)
  if (found !== "no_stream") return found.slice(0, Number(options.getCount())).map(eventMessage)
  const missing = new streams.ReadResp.StreamNotFound().setStreamIdentifier(
    identifierOf(nameOf(stream?.getStreamIdentifier())),
  )
  return [new streams.ReadResp().setStreamNotFound(missing)]
}

/** From the revision on, either way, the revision included. Throws for a stream that is gone for good. */
function inStream(
  store: Store,
  options: streams.ReadReq.Options.StreamOptions,
  back: boolean,
): readonly StoredEvent[] | "no_stream" {
  const name = nameOf(options.getStreamIdentifier())
  const events = store.stream(name)
  if (events === "deleted") throw streamDeleted(name)
  if (events === "no_stream") return events
  if (options.hasEnd()) return back ? events.toReversed() : []
  const from = options.hasRevision() ? BigInt(options.getRevision()) : 0n
  return back
    ? events.filter(({ revision }) => revision <= from).reverse()
    : events.filter(({ revision }) => revision >= from)
}

/** A position is a place between two events: the one at it is behind it, and so the first forwards, and not among those backwards (AllReader). */
function inAll(store: Store, options: Options): readonly StoredEvent[] {
  const all = options.getAll() ?? new streams.ReadReq.Options.AllOptions()
  const back = backwards(options)
  if (all.hasEnd()) return back ? store.all.toReversed() : []
  const from = BigInt(all.getPosition()?.getCommitPosition() ?? 0)
  return back
    ? store.all.filter(({ position }) => position < from).reverse()
    : store.all.filter(({ position }) => position >= from)
}

function backwards(options: Options): boolean {
  return options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS
}
