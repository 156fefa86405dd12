/** Gossip: who is in the cluster. This node as its leader, or as a follower of the one that the test has named. */
import gossip from "@eventstore/db-client/generated/gossip_pb.js"
import shared from "@eventstore/db-client/generated/shared_pb.js"
import type * as grpc from "@grpc/grpc-js"
import type { Endpoint } from "./errors.js"
import type { Node } from "./node.js"

const { VNodeState } = gossip.MemberInfo

export function members({ endpoint, faults }: Node): grpc.handleUnaryCall<shared.Empty, gossip.ClusterInfo> {
  return (_call, callback) => {
    const { leader } = faults
    const info = new gossip.ClusterInfo()
    info.addMembers(member(endpoint, leader === undefined ? VNodeState.LEADER : VNodeState.FOLLOWER))
    if (leader !== undefined) info.addMembers(member(leader, VNodeState.LEADER))
    callback(null, info)
  }
}

function member({ address, port }: Endpoint, state: gossip.MemberInfo.VNodeState): gossip.MemberInfo {
  const id = `00000000-0000-4000-8000-${String(port).padStart(12, "0")}`
  return new gossip.MemberInfo()
    .setInstanceId(new shared.UUID().setString(id))
    .setTimeStamp(String(Date.now()))
    .setState(state)
    .setIsAlive(true)
    .setHttpEndPoint(new gossip.EndPoint().setAddress(address).setPort(port))
}
