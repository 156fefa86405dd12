/** One question over HTTP and its answer, whole, within limits of time and size. Redirections are answers like any other and not followed. */
import type * as http from "node:http"
import { FleetError, messageOf } from "#kernel/errors.js"

export interface Answer {
  readonly status: number
  readonly text: string
}

const patienceMs = 30_000
const largest = 64 * 2 ** 20

/**
 * @param where it is asked, for errors
 * @throws FleetError `SourceUnavailable` also when the connection ends before the answer does
 */
export async function ask(request: http.ClientRequest, where: string, signal: AbortSignal): Promise<Answer> {
  const fail = (reason: unknown) => request.destroy(reason instanceof Error ? reason : new Error(String(reason)))
  const timer = setTimeout(() => fail(`no answer within ${patienceMs / 1_000} s`), patienceMs)
  const abort = () => fail(signal.reason)
  signal.addEventListener("abort", abort, { once: true })
  try {
    return await answerTo(request)
  } catch (cause) {
    signal.throwIfAborted()
    throw new FleetError("SourceUnavailable", `${where}: ${messageOf(cause)}`, { cause })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", abort)
  }
}

function answerTo(request: http.ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on("error", reject)
    request.on("response", (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > largest) request.destroy(new Error("the answer is longer than 64 MiB"))
      })
      response.on("error", reject)
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks, size).toString("utf8") }),
      )
    })
    request.end()
  })
}
