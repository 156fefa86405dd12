/** ServerFeatures: what the client may use. It compares in lower case, and appends in batches as soon as that is listed. */
import features from "@eventstore/db-client/generated/serverfeatures_pb.js"
import { StreamsService } from "@eventstore/db-client/generated/streams_grpc_pb.js"
import type shared from "@eventstore/db-client/generated/shared_pb.js"
import type * as grpc from "@grpc/grpc-js"
import type { Node } from "./node.js"

const version = "24.10.0"

export function supportedMethods(node: Node): grpc.handleUnaryCall<shared.Empty, features.SupportedMethods> {
  const { read, append, batchAppend } = StreamsService
  const paths = [read.path, append.path, ...(node.batchAppend ? [batchAppend.path] : [])]
  const answer = new features.SupportedMethods().setMethodsList(paths.map(method)).setEventStoreServerVersion(version)
  return (_call, callback) => callback(null, answer)
}

function method(path: string): features.SupportedMethod {
  const [, service = "", name = ""] = path.toLowerCase().split("/")
  return new features.SupportedMethod().setServiceName(service).setMethodName(name)
}
