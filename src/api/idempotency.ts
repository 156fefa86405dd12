/**
 * Requests that may be sent again: with the same Idempotency-Key the same asker gets what was answered the first time, and nothing is done twice (the header as in the IETF's
 * draft "The Idempotency-Key HTTP Header Field").
 */
import * as crypto from "node:crypto"
import { canonicalJson } from "#kernel/canonical-json.js"
import { FleetError } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import type { Act, Principal } from "#operations/define.js"
import type { Answers } from "#ops/answered.js"

export interface Reply {
  readonly status: number
  readonly body: object
}

interface Repeatable {
  readonly operation: Act
  readonly principal: Principal
  readonly input: Readonly<Record<string, unknown>>
  /** As the header says it. */
  readonly key: string | readonly string[] | undefined
}

/** @throws FleetError `InvalidInput` for a key that was used for something else, `AlreadyRunning`, whatever `act` throws */
export async function once(
  kept: Answers,
  { operation, principal, input, key }: Repeatable,
  act: () => Promise<Reply>,
): Promise<Reply> {
  if (key === undefined) return act()
  if (typeof key !== "string" || key.length < 1 || key.length > 255)
    throw new FleetError("InvalidInput", "an Idempotency-Key has 1 to 255 characters")
  const name = digest(principal.name, key)
  const asked = digest(operation.name, canonicalJson(JSON.parse(JSON.stringify(input)) as JsonObject))
  const known = await kept.begin(name, asked)
  if (known === undefined) {
    try {
      const reply = await act()
      await kept.end(name, reply.status, operation.shownOnce === true ? null : JSON.stringify(reply.body))
      return reply
    } catch (error) {
      await kept.drop(name)
      throw error
    }
  }
  if (known.asked !== asked)
    throw new FleetError("InvalidInput", "this Idempotency-Key was used for something else; choose another")
  if (known.status === null) {
    throw new FleetError(
      "AlreadyRunning",
      "this is being done, or was cut off while it was; look whether it was done before you send it with another Idempotency-Key",
    )
  }
  if (known.body === null) throw new FleetError("AlreadyRunning", "this was done, and its answer is shown only once")
  return { status: known.status, body: JSON.parse(known.body) as object }
}

function digest(...parts: readonly string[]): string {
  return crypto.createHash("sha256").update(parts.join("\n")).digest("base64url")
}
