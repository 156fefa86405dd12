/** Sends every checkpoint to an address of somebody else's, so that it is kept where nobody here can change it. */
import { messageOf } from "#kernel/errors.js"
import { within } from "#kernel/within.js"
import type { Handler } from "#subscriptions/handler.js"

/** @param url takes a POST of the signed note as text; any answer but 2xx is tried again */
export function checkpointWebhook(url: string, patienceMs = 10_000): Handler {
  const { host } = new URL(url)
  return {
    name: "checkpoint-webhook",
    types: ["LedgerCheckpointed"],
    async handle(event, { signal }) {
      if (event.type !== "LedgerCheckpointed") return
      const late = () => new Error(`no answer within ${patienceMs / 1_000} s`)
      const post = async (over: AbortSignal) => {
        const response = await fetch(url, {
          method: "POST",
          body: event.data.note,
          headers: { "content-type": "text/plain; charset=utf-8", "fleet-ledger-event": event.id },
          redirect: "error",
          signal: over,
        })
        await response.body?.cancel()
        return response
      }
      const { ok, status } = await within(patienceMs, signal, late, post).catch((error: unknown) => {
        // The address may carry a secret in its path: the host says enough.
        throw new Error(`${host} cannot be reached: ${reasonOf(error)}`)
      })
      if (!ok) throw new Error(`${host} answered ${status}`)
    },
  }
}

/** What fetch fails of is in its error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : ""
  return cause === "" ? messageOf(error) : cause
}
