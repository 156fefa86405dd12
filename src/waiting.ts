/** While the cluster that keeps the ledger cannot be reached: tries again and again, and says so to whoever asks whether this is alive, and ready. */
import * as http from "node:http"
import type { FastifyBaseLogger } from "fastify"
import { FleetError, messageOf } from "#kernel/errors.js"
import { sleep } from "#kernel/sleep.js"

const [firstWaitMs, longestWaitMs] = [1_000, 30_000]

/**
 * @param listen makes a server listen where the real one will
 * @throws whatever `open` throws that will not be otherwise the next time; FleetError `Cancelled`
 */
export async function patiently<T extends { close(): Promise<void> }>(
  open: () => Promise<T>,
  listen: (server: http.Server) => Promise<void>,
  log: FastifyBaseLogger,
  signal: AbortSignal,
): Promise<T> {
  let reason = "the ledger is being opened"
  const door = http.createServer((request, response) => answer(request, response, reason))
  await listen(door)
  try {
    for (let wait = firstWaitMs; ; wait = Math.min(2 * wait, longestWaitMs)) {
      try {
        return await unlessAborted(open(), signal)
      } catch (error) {
        if (!isOutOfReach(error)) throw error
        reason = messageOf(error)
        log.warn({ err: error, again: `in ${wait / 1_000} s` }, "the ledger cannot be reached")
        await sleep(wait * (0.5 + Math.random() / 2), signal)
      }
    }
  } finally {
    await closed(door)
  }
}

/** What is opened too late is closed again. */
async function unlessAborted<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener("abort", () => resolve(undefined), { once: true })
  })
  const opened = await Promise.race([opening, aborted])
  if (opened !== undefined) return opened
  opening.then((late) => late.close()).catch(() => {})
  throw new FleetError("Cancelled", "stopped before the ledger could be reached")
}

function isOutOfReach(error: unknown): boolean {
  return error instanceof FleetError && error.code === "StoreUnavailable"
}

function answer({ url }: http.IncomingMessage, response: http.ServerResponse, reason: string): void {
  const isAlive = url === "/livez"
  response.writeHead(isAlive ? 200 : 503, { "content-type": "application/json" })
  response.end(JSON.stringify(isAlive ? { alive: true } : { ready: false, reasons: [reason] }))
}

function closed(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
