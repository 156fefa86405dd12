/**
 * BatchAppend: one call for as long as the client is connected, and appends in pieces within it, told apart by their correlation ids. The
 * answer to each goes back over the call; what ends the call (a wrong password, a leader elsewhere) is told to all of them at once.
 */
import shared from "@eventstore/db-client/generated/shared_pb.js"
import streams from "@eventstore/db-client/generated/streams_pb.js"
import type * as grpc from "@grpc/grpc-js"
import empty from "google-protobuf/google/protobuf/empty_pb.js"
import { bytesOf } from "./append.js"
import { batchAccessDenied, batchConflict, batchStreamDeleted, batchTooLarge } from "./errors.js"
import { type Node, isKnown } from "./node.js"
import { type Appended, type ProposedEvent, beforeAll } from "./store.js"
import { expectedOf, nameOf, proposedOf } from "./wire.js"

interface Pending {
  readonly options: streams.BatchAppendReq.Options
  readonly events: ProposedEvent[]
}

export function batchAppend(node: Node): grpc.handleBidiStreamingCall<streams.BatchAppendReq, streams.BatchAppendResp> {
  return (call) =>
    node.calls.stream("appends", call, async (open) => {
      const allowed = isKnown(node, open)
      // Were the call destroyed on the way out, nothing could be said any more.
      const requests: AsyncIterable<streams.BatchAppendReq> = call.iterator({ destroyOnReturn: false })
      const pending = new Map<string, Pending>()
      for await (const request of requests) {
        node.faults.redirect(open)
        const id = request.getCorrelationId()?.getString() ?? ""
        const { options, events } = pending.get(id) ?? {
          options: request.getOptions() ?? new streams.BatchAppendReq.Options(),
          events: [],
        }
        events.push(...request.getProposedMessagesList().map(proposedOf))
        pending.set(id, { options, events })
        if (!request.getIsFinal()) continue
        pending.delete(id)
        if (node.faults.ignores("appends")) continue
        const answer = allowed
          ? appended(node, options, events)
          : new streams.BatchAppendResp().setError(batchAccessDenied())
        await node.faults.answer()
        call.write(
          answer.setCorrelationId(request.getCorrelationId()).setStreamIdentifier(options.getStreamIdentifier()),
        )
      }
    })
}

function appended(
  node: Node,
  options: streams.BatchAppendReq.Options,
  events: readonly ProposedEvent[],
): streams.BatchAppendResp {
  const name = nameOf(options.getStreamIdentifier())
  const expected = expectedOf(options, options.getStreamPosition())
  const answer = new streams.BatchAppendResp()
  if (bytesOf(events) > node.maxAppendBytes) return answer.setError(batchTooLarge(node.maxAppendBytes))
  const result = node.store.append(name, expected, events)
  switch (result.outcome) {
    case "deleted":
      return answer.setError(batchStreamDeleted(name))
    case "conflict":
      return answer.setError(batchConflict(expected, result.actual))
    case "written":
      return answer.setSuccess(success(result))
  }
}

function success({ revision, position }: Extract<Appended, { outcome: "written" }>): streams.BatchAppendResp.Success {
  const message = new streams.BatchAppendResp.Success()
  if (revision === beforeAll) message.setNoStream(new empty.Empty())
  else message.setCurrentRevision(String(revision))
  if (position === beforeAll) return message.setNoPosition(new empty.Empty())
  const both = new shared.AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position))
  return message.setPosition(both)
}
