/** Streams over HTTP: server-sent events, whose ids are positions to go on from, or lines of JSON for those who ask for them. */
import { once } from "node:events"
import type { ServerResponse } from "node:http"
import type { FastifyReply, FastifyRequest } from "fastify"

const heartbeatMs = 15_000

export async function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  items: AsyncIterable<{ readonly position: number }>,
): Promise<void> {
  const lines = (request.headers.accept ?? "").includes("application/x-ndjson")
  const response = takenOver(reply)
  response.writeHead(200, {
    "content-type": lines ? "application/x-ndjson" : "text/event-stream",
    "cache-control": "no-store",
  })
  response.flushHeaders()
  const heartbeat = setInterval(() => response.write(lines ? "\n" : ": here\n\n"), heartbeatMs)
  try {
    for await (const item of items) {
      const text = JSON.stringify(item)
      const written = response.write(lines ? `${text}\n` : `id: ${item.position}\nevent: change\ndata: ${text}\n\n`)
      if (!written && !response.destroyed) await takenOrGone(response)
    }
  } catch (error) {
    request.log.error({ err: error }, "a stream broke off")
  } finally {
    clearInterval(heartbeat)
    response.end()
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
