/** What one try of a check came to. */
import type { CheckStatus } from "#events/check.js"
import { foreignText } from "#discovery/facts/foreign.js"

export interface Outcome {
  readonly status: CheckStatus
  /** One sentence: what was wrong, or why it could not be told. */
  readonly detail?: string
  /** Until it answered; missing where nobody did. */
  readonly latencyMs?: number
}

/** Longest sentence, in UTF-16 units: it goes into the ledger. */
const longest = 300

export const passing: Outcome = { status: "passing" }

/** @param detail may hold what somebody else wrote */
export function failing(detail: string): Outcome {
  return { status: "failing", detail: foreignText(detail.slice(0, longest)) }
}

/** It could not be tried, which says nothing of what it is about. */
export function unknown(detail: string): Outcome {
  return { status: "unknown", detail: foreignText(detail.slice(0, longest)) }
}

/** What went wrong on the way to whoever was to answer, in our words where they are known. */
export function networkFailure(error: unknown): Outcome {
  const { code = "", message = String(error) } = error as { readonly code?: string; readonly message?: string }
  return failing(sentences[code] ?? (code === "" ? message : `${message.slice(0, longest - 40)} (${code})`))
}

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "it refuses connections",
  ECONNRESET: "it closed the connection without an answer",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  ETIMEDOUT: "it does not answer",
  ENOTFOUND: "there is no address for its name",
  EAI_AGAIN: "its name could not be looked up",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself, and not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from an authority that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate comes from an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate comes from an authority that is not trusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
}
