/** One question over HTTP and its answer, whole, within limits of time and size. Redirections are answers like any other and not followed. */
import type * as http from "node:http"
import { FleetError, messageOf } from "#kernel/errors.js"
import { foreignText } from "../facts/foreign.js"

export interface Answer {
  readonly status: number
  /** The words beside the status. */
  readonly reason: string
  readonly text: string
}

const usualMs = 30_000
const largest = 64 * 2 ** 20

/**
 * @param where it is asked, for errors; `details.why` of theirs is the rest, and `details.late` that the time was over
 * @throws FleetError `SourceUnavailable` also when the connection ends before the answer does
 */
export async function ask(
  open: () => http.ClientRequest,
  where: string,
  signal: AbortSignal,
  patienceMs = usualMs,
): Promise<Answer> {
  signal.throwIfAborted()
  const release = new AbortController()
  const late = new Error(`no answer within ${patienceMs / 1_000} s`)
  try {
    return await answerTo(open, { patienceMs, late }, signal, release.signal)
  } catch (cause) {
    signal.throwIfAborted()
    const details = { why: foreignText(messageOf(cause)), late: cause === late }
    throw new FleetError("SourceUnavailable", `${where}: ${details.why}`, { details, cause })
  } finally {
    release.abort()
  }
}

function answerTo(
  open: () => http.ClientRequest,
  { patienceMs, late }: { readonly patienceMs: number; readonly late: Error },
  signal: AbortSignal,
  released: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // It throws at a header that cannot be sent.
    const request = open()
    // A request that has no connection yet would keep the reason to itself until it has one.
    const end = (reason: unknown) => {
      reject(reason instanceof Error ? reason : new Error(String(reason)))
      request.destroy()
    }
    const timer = setTimeout(() => end(late), patienceMs)
    released.addEventListener("abort", () => clearTimeout(timer), { once: true })
    signal.addEventListener("abort", () => end(signal.reason), { once: true, signal: released })
    request.on("error", reject)
    request.on("response", (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > largest) end(new Error("the answer is longer than 64 MiB"))
      })
      response.on("error", reject)
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? "",
          text: Buffer.concat(chunks, size).toString("utf8"),
        }),
      )
    })
    request.end()
  })
}
