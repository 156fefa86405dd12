/** Append: one call for each append, its options first, then event after event. */
import shared from "@eventstore/db-client/generated/shared_pb.js"
import streams from "@eventstore/db-client/generated/streams_pb.js"
import * as grpc from "@grpc/grpc-js"
import { Refusal, streamDeleted, tooLarge } from "./errors.js"
import { type Node, admit } from "./node.js"
import { type Appended, type Expected, type ProposedEvent, beforeAll } from "./store.js"
import { expectedOf, nameOf, proposedOf } from "./wire.js"

export function append(node: Node): grpc.handleClientStreamingCall<streams.AppendReq, streams.AppendResp> {
  return (call, callback) =>
    node.calls.answer("appends", call, callback, async (open) => {
      await admit(node, open)
      const { name, expected, events } = await received(call)
      // Where a client dies in the midst of its events, they seem to end a turn before the call is known to be broken off.
      await new Promise((resolve) => setImmediate(resolve))
      if (open.over.aborted) throw brokenOff()
      if (bytesOf(events) > node.maxAppendBytes) throw tooLarge(node.maxAppendBytes)
      const appended = node.store.append(name, expected, events)
      await node.faults.answer()
      if (appended.outcome === "deleted") throw streamDeleted(name)
      return answer(expected, appended)
    })
}

function brokenOff(): Refusal {
  return new Refusal(grpc.status.CANCELLED, "the client has gone away in the midst of its events")
}

/** What counts towards the largest append that the server takes. */
export function bytesOf(events: readonly ProposedEvent[]): number {
  return events.reduce((sum, { type, data, metadata }) => sum + 2 * type.length + data.length + metadata.length, 0)
}

interface Request {
  readonly name: string
  readonly expected: Expected
  readonly events: readonly ProposedEvent[]
}

/** What was sent until the client has said that this was all, or the call broke off. */
async function received(call: AsyncIterable<streams.AppendReq>): Promise<Request> {
  let options = new streams.AppendReq.Options()
  const events: ProposedEvent[] = []
  for await (const message of call) {
    const proposed = message.getProposedMessage()
    if (proposed) events.push(proposedOf(proposed))
    options = message.getOptions() ?? options
  }
  return { name: nameOf(options.getStreamIdentifier()), expected: expectedOf(options, options.getRevision()), events }
}

function answer(expected: Expected, appended: Exclude<Appended, { outcome: "deleted" }>): streams.AppendResp {
  if (appended.outcome === "conflict")
    return new streams.AppendResp().setWrongExpectedVersion(conflict(expected, appended.actual))
  const success = new streams.AppendResp.Success()
  if (appended.revision === beforeAll) success.setNoStream(new shared.Empty())
  else success.setCurrentRevision(String(appended.revision))
  if (appended.position === beforeAll)
    return new streams.AppendResp().setSuccess(success.setNoPosition(new shared.Empty()))
  const position = String(appended.position)
  return new streams.AppendResp().setSuccess(
    success.setPosition(new streams.AppendResp.Position().setCommitPosition(position).setPreparePosition(position)),
  )
}

function conflict(expected: Expected, actual: bigint): streams.AppendResp.WrongExpectedVersion {
  const message = new streams.AppendResp.WrongExpectedVersion()
  if (actual === beforeAll) message.setCurrentNoStream(new shared.Empty())
  else message.setCurrentRevision(String(actual))
  if (expected === "any") return message.setExpectedAny(new shared.Empty())
  if (expected === "no_stream") return message.setExpectedNoStream(new shared.Empty())
  if (expected === "stream_exists") return message.setExpectedStreamExists(new shared.Empty())
  return message.setExpectedRevision(String(expected))
}
