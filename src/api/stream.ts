/**
 * Streams over HTTP: server-sent events, whose ids are positions to go on from, or lines of JSON for those who ask for them. Every 15 s it says that it is there (`here`, or an empty line), as
 * either side can go without the other hearing of it; and at once, with the position, where the ledger went on by what is no item: an alert, an account of a look.
 */
import { once } from "node:events"
import type { ServerResponse } from "node:http"
import type { FastifyReply, FastifyRequest } from "fastify"
import type { Items } from "#operations/define.js"

const usualMs = 15_000
/** Who takes nothing for so many of these is gone. */
const mostUntaken = 8

export async function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  follow: (passed: (position: number) => void) => Items | Promise<Items>,
  heartbeatMs = usualMs,
): Promise<void> {
  const here = (position?: number) =>
    response.write(lines ? "\n" : `event: here\ndata: ${JSON.stringify({ position })}\n\n`)
  // What cannot be followed is refused while it can.
  const items = await follow(here)
  const lines = (request.headers.accept ?? "").includes("application/x-ndjson")
  const response = takenOver(reply)
  response.writeHead(200, {
    "content-type": lines ? "application/x-ndjson" : "text/event-stream",
    "cache-control": "no-store",
  })
  response.flushHeaders()
  let [taken, untaken] = [0, 0]
  const heartbeat = setInterval(() => {
    const { bytesWritten = 0, writableLength: waiting = 0 } = response.socket ?? {}
    untaken = waiting > 0 && bytesWritten - waiting === taken ? untaken + 1 : 0
    taken = bytesWritten - waiting
    if (untaken === mostUntaken) response.destroy()
    else here()
  }, heartbeatMs)
  try {
    for await (const item of items) {
      const text = JSON.stringify(item)
      const written = response.write(lines ? `${text}\n` : `id: ${item.position}\nevent: change\ndata: ${text}\n\n`)
      if (!written && !response.destroyed) await takenOrGone(response)
    }
    response.end()
  } catch (error) {
    if (!response.destroyed) request.log.error({ err: error }, "a stream broke off")
    // Not ended: nobody takes what was sent until then for all of it.
    response.destroy()
  } finally {
    clearInterval(heartbeat)
  }
}

/** Waits until who follows has taken what was written, or is gone. */
async function takenOrGone(response: ServerResponse): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  try {
    await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })])
  } finally {
    // The other one would be waited for as long as the stream goes on.
    over.abort()
  }
}

/** For what writes its answer by itself, with the headers that all answers have. */
export function takenOver(reply: FastifyReply): ServerResponse {
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value)
  return reply.raw
}
