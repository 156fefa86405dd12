/** Sends every checkpoint to an address of somebody else's, so that it is kept where nobody here can change it. */
import { messageOf } from "#kernel/errors.js"
import type { Handler } from "#subscriptions/handler.js"

const patienceMs = 10_000

/** @param url takes a POST of the signed note as text; any answer but 2xx is tried again */
export function checkpointWebhook(url: string): Handler {
  return {
    name: "checkpoint-webhook",
    types: ["LedgerCheckpointed"],
    async handle(event, { signal }) {
      if (event.type !== "LedgerCheckpointed") return
      const response = await fetch(url, {
        method: "POST",
        body: event.data.note,
        headers: { "content-type": "text/plain; charset=utf-8", "fleet-ledger-event": event.id },
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
      }).catch((error: unknown) => {
        // The address may carry a secret in its path: the host says enough.
        throw new Error(`${new URL(url).host} cannot be reached: ${reasonOf(error)}`)
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`)
    },
  }
}

/** What fetch fails of is in its error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : ""
  return cause === "" ? messageOf(error) : cause
}
