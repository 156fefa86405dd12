/**
 * The closed set of things that can go wrong. A caller can always tell "your input is wrong" from "try later" from "this is a bug":
 * doors map `code` to an HTTP status and an exit code, and nothing else decides that.
 */

const errorKinds = {
  // The input is wrong: say what, where, and what is allowed.
  InvalidInput: "input",
  InvalidConfig: "input",
  InvalidPoint: "input",
  InvalidQuery: "input",
  SchemaViolation: "input",
  NotFound: "missing",
  Ambiguous: "input",
  Unauthorized: "denied",
  Forbidden: "denied",
  // Whoever answers there is not known to be who was meant: a person has to decide.
  HostKeyUnknown: "denied",
  HostKeyChanged: "denied",
  HostKeyRevoked: "denied",
  // The ledger moved on, or the same id came with other content.
  RevisionConflict: "conflict",
  EventIdReused: "conflict",
  AlreadyRunning: "conflict",
  Cancelled: "conflict",
  // Too much of it.
  RateLimited: "limited",
  // Not now.
  StoreUnavailable: "unavailable",
  // What is wanted is in an archive that is missing, another or damaged.
  ArchiveUnavailable: "unavailable",
  ViewsBehind: "unavailable",
  SourceUnavailable: "unavailable",
  FolderInUse: "unavailable",
  // The stored data is not what this program can or should read.
  NewerVersion: "data",
  UnknownEventType: "data",
  LedgerForked: "data",
  StoreDamaged: "data",
} as const

export type ErrorCode = keyof typeof errorKinds
export type ErrorKind = (typeof errorKinds)[ErrorCode] | "bug"

export const errorCodes = Object.keys(errorKinds) as readonly ErrorCode[]

export function kindOf(code: ErrorCode): (typeof errorKinds)[ErrorCode] {
  return errorKinds[code]
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorKinds, code)
}

/** An expected failure: `message` is one sentence for a person, `details` are for programs. */
export class FleetError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = "FleetError"
    this.code = code
    this.details = options.details ?? {}
  }

  get kind(): ErrorKind {
    return kindOf(this.code)
  }

  /** Whether the identical call may succeed later. */
  get retryable(): boolean {
    return this.kind === "unavailable" || this.kind === "limited"
  }
}

/** A broken promise inside the program: never the caller's fault, never expected. */
export function bug(message: string): Error {
  return new Error(`bug: ${message}`)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
