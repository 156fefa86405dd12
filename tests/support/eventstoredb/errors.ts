/**
 * How the server says no. What ends a call travels as a status whose trailers name the `exception` and its particulars. A batch append's
 * call goes on, so its refusals are a `google.protobuf.Any` inside a Status inside the answer. Codes, texts and trailers are
 * the server's (RpcExceptions, Google.Rpc.Status).
 */
import code from "@eventstore/db-client/generated/code_pb.js"
import shared from "@eventstore/db-client/generated/shared_pb.js"
import rpc from "@eventstore/db-client/generated/status_pb.js"
import * as grpc from "@grpc/grpc-js"
import any from "google-protobuf/google/protobuf/any_pb.js"
import empty from "google-protobuf/google/protobuf/empty_pb.js"
import { type Expected, beforeAll } from "./store.js"
import { identifierOf } from "./wire.js"

export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** Ends a call. */
export class Refusal extends Error {
  readonly code: grpc.status
  readonly details: string
  readonly metadata = new grpc.Metadata()

  constructor(status: grpc.status, details: string, trailers: Readonly<Record<string, string>> = {}) {
    super(details)
    this.code = status
    this.details = details
    for (const [key, value] of Object.entries(trailers)) this.metadata.set(key, value)
  }
}

/** As when the connection is lost. */
export function dropped(): Refusal {
  return new Refusal(grpc.status.UNAVAILABLE, "Connection dropped")
}

/** Nobody in particular has asked. */
export function accessDenied(): Refusal {
  return new Refusal(grpc.status.PERMISSION_DENIED, "Access Denied", { exception: "access-denied" })
}

/** Somebody has asked, with the wrong password: the web server in front says so, without an exception's name. */
export function unauthenticated(): Refusal {
  return new Refusal(grpc.status.UNAUTHENTICATED, "Bad HTTP status code: 401")
}

export function notLeader({ address, port }: Endpoint): Refusal {
  return new Refusal(grpc.status.NOT_FOUND, "Leader info available", {
    exception: "not-leader",
    "leader-endpoint-host": address,
    "leader-endpoint-port": String(port),
  })
}

export function streamDeleted(name: string): Refusal {
  return new Refusal(grpc.status.FAILED_PRECONDITION, `Event stream '${name}' is deleted.`, {
    exception: "stream-deleted",
    "stream-name": name,
  })
}

export function tooLarge(maximum: number): Refusal {
  return new Refusal(grpc.status.INVALID_ARGUMENT, `Maximum Append Size of ${maximum} Exceeded.`, {
    exception: "maximum-append-size-exceeded",
    "maximum-append-size": String(maximum),
  })
}

export function batchConflict(expected: Expected, actual: bigint): rpc.Status {
  const conflict = new shared.WrongExpectedVersion()
  if (actual === beforeAll) conflict.setCurrentNoStream(new empty.Empty())
  else conflict.setCurrentStreamRevision(String(actual))
  if (expected === "any") conflict.setExpectedAny(new empty.Empty())
  else if (expected === "no_stream") conflict.setExpectedNoStream(new empty.Empty())
  else if (expected === "stream_exists") conflict.setExpectedStreamExists(new empty.Empty())
  else conflict.setExpectedStreamPosition(String(expected))
  return packed(code.Code.ALREADY_EXISTS, "WrongExpectedVersion", conflict)
}

export function batchStreamDeleted(name: string): rpc.Status {
  const deleted = new shared.StreamDeleted().setStreamIdentifier(identifierOf(name))
  return packed(code.Code.NOT_FOUND, "StreamDeleted", deleted)
}

export function batchTooLarge(maximum: number): rpc.Status {
  const exceeded = new shared.MaximumAppendSizeExceeded().setMaxappendsize(maximum)
  return packed(code.Code.INVALID_ARGUMENT, "MaximumAppendSizeExceeded", exceeded)
}

export function batchAccessDenied(): rpc.Status {
  return packed(code.Code.PERMISSION_DENIED, "AccessDenied", new shared.AccessDenied())
}

interface Message {
  serializeBinary(): Uint8Array
}

function packed(status: code.Code, type: string, details: Message): rpc.Status {
  const wrapped = new any.Any()
  wrapped.pack(details.serializeBinary(), `event_store.client.${type}`)
  return new rpc.Status().setCode(status).setMessage(type).setDetails(wrapped)
}
