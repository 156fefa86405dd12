/** What of a request every operation is called with. */
import type { FastifyReply } from "fastify"
import type { Progress } from "#operations/define.js"

/** Of what is answered at once. */
export const noProgress: Progress = () => undefined

/** Aborts when the asker goes away before there is an answer. */
export function abortedWith(reply: FastifyReply): AbortSignal {
  const abort = new AbortController()
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) abort.abort()
  })
  return abort.signal
}
