/** The client's errors in our words: what the server said, what may go away by itself, and what somebody has to put right. */
import {
  AccessDeniedError,
  CancelledError,
  DeadlineExceededError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  UnavailableError,
  UnknownError,
  isCommandError,
} from "@eventstore/db-client"
import { FleetError, messageOf } from "#kernel/errors.js"

/** Who is talked to, as it may stand in a sentence. */
export interface Peer {
  /** Hosts with their ports. */
  readonly where: string
  readonly user: string | undefined
}

/** Whether it came from a server that understood and answered; after anything else the connection is not to be trusted. */
export function isAnswer(error: unknown): boolean {
  const broken = [UnavailableError, CancelledError, DeadlineExceededError, UnknownError]
  return error instanceof Error && isCommandError(error) && !broken.some((kind) => error instanceof kind)
}

export function noAnswer({ where }: Peer, ms: number): FleetError {
  return new FleetError("StoreUnavailable", `EventStoreDB at ${where} did not answer within ${ms} ms`)
}

const untrusted = /certificate|self.signed|unable to (?:verify|get local issuer)|ERR_TLS|altnames/i
const notTls = /wrong version number|EPROTO|packet length too long/i

/**
 * @returns an `InvalidConfig` where somebody has to put something right, a `StoreUnavailable` where trying again may help; errors that are already ours as
 *   they are
 */
export function inOurWords(error: unknown, { where, user }: Peer): FleetError {
  if (error instanceof FleetError) return error
  const cluster = `EventStoreDB at ${where}`
  const misconfigured = (message: string) => new FleetError("InvalidConfig", message, { cause: error })
  if (error instanceof AccessDeniedError) {
    return misconfigured(
      user === undefined
        ? `${cluster} wants a user and a password, and none are configured`
        : `${cluster} refused the user "${user}": check the password, and that this user may read $all and write`,
    )
  }
  if (error instanceof MaxAppendSizeExceededError) {
    const limit = `${cluster} takes no append of more than ${error.maxAppendSize} bytes, and this is one`
    return new FleetError("SchemaViolation", limit, { cause: error })
  }
  if (error instanceof StreamDeletedError) {
    return new FleetError("StoreDamaged", `a stream of the ledger was deleted in ${cluster}`, { cause: error })
  }
  const message = messageOf(error)
  // The client's own time limit is the same, and may be the first to end.
  if (error instanceof DeadlineExceededError || /deadline exceeded/i.test(message)) {
    return new FleetError("StoreUnavailable", `${cluster} did not answer in time`, { cause: error })
  }
  if (untrusted.test(message)) {
    return misconfigured(
      `the certificate of ${cluster} is not trusted (${reasonIn(message)}); configure the file of the authority that signed it`,
    )
  }
  if (notTls.test(message))
    return misconfigured(`${cluster} does not speak TLS; add tls=false to its address if so it shall be`)
  return new FleetError("StoreUnavailable", `${cluster} cannot be reached: ${reasonIn(message)}`, { cause: error })
}

/** What gRPC says, without what it says around it. */
function reasonIn(message: string): string {
  return message
    .replace(/^\d+ [A-Z_]+: /, "")
    .replace(/^No connection established\. Last error: /, "")
    .replace(/^Error(?: \[\w+\])?: /, "")
    .replace(/\.? ?Resolution note: .*$/, "")
}
