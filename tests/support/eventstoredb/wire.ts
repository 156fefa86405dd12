/**
 * Requests and answers, understood and made: the client's own generated messages on one side, what the store knows on the other.
 * uint64 travels as text, stream names as bytes, a time as 100 ns ticks.
 */
import shared from "@eventstore/db-client/generated/shared_pb.js"
import streams from "@eventstore/db-client/generated/streams_pb.js"
import type { Expected, ProposedEvent, StoredEvent } from "./store.js"

const ticksPerMs = 10_000

type ProposedMessage = streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage

interface ExpectedOption {
  hasAny(): boolean
  hasNoStream(): boolean
  hasStreamExists(): boolean
}

export function expectedOf(option: ExpectedOption, revision: string): Expected {
  if (option.hasAny()) return "any"
  if (option.hasNoStream()) return "no_stream"
  return option.hasStreamExists() ? "stream_exists" : BigInt(revision)
}

export function nameOf(identifier: shared.StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString("utf8")
}

export function identifierOf(name: string): shared.StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(name, "utf8"))
}

export function proposedOf(message: ProposedMessage): ProposedEvent {
  return {
    id: message.getId()?.getString() ?? "",
    type: message.getMetadataMap().get("type") ?? "",
    contentType: message.getMetadataMap().get("content-type") ?? "",
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  }
}

export function eventMessage(event: StoredEvent): streams.ReadResp {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(event.id))
    .setStreamIdentifier(identifierOf(event.stream))
    .setStreamRevision(String(event.revision))
    .setCommitPosition(String(event.position))
    .setPreparePosition(String(event.position))
    .setData(event.data)
    .setCustomMetadata(event.metadata)
  recorded
    .getMetadataMap()
    .set("type", event.type)
    .set("content-type", event.contentType)
    .set("created", String(event.created * ticksPerMs))
  const read = new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(event.position))
  return new streams.ReadResp().setEvent(read)
}
