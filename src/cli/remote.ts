/** Asking a server: the one behind the data folder's socket, or one that was named. */
import * as http from "node:http"
import * as https from "node:https"
import * as net from "node:net"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { FleetError, isErrorCode, messageOf } from "#kernel/errors.js"
import { within } from "#kernel/within.js"
import type { Caller } from "./caller.js"
import type { CommandSpec } from "./commands.js"
import { isConfidential } from "./confidential.js"

interface Outgoing {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | number>>
}

interface Door {
  readonly where: string
  readonly patience: Patience
  open(request: Outgoing): http.ClientRequest
}

interface JobAnswer {
  readonly id: string
  readonly state: string
  readonly progress: { readonly done: number; readonly total: number; readonly what: string }
  readonly result: object | null
  readonly problem: { readonly code: string; readonly detail: string } | null
}

/** How long it is waited, in ms, before somebody is taken for gone who never said so: a connection can break without anybody hearing of it. */
export interface Patience {
  /** For an answer to begin, and for each piece of it. */
  readonly answerMs: number
  /** Where a stream is followed, which says that it is there every 15 s. */
  readonly silenceMs: number
  /** Between two questions how a job is getting on, where a connection broke. */
  readonly againMs: number
}

const usual: Patience = { answerMs: 120_000, silenceMs: 60_000, againMs: 1_000 }
/** So often in a row. */
const mostBroken = 10

/** Whether a server listens on the socket. */
export function somebodyAnswers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket)
    connection.once("connect", () => {
      connection.destroy()
      resolve(true)
    })
    connection.once("error", () => resolve(false))
  })
}

export function socketCaller(socketPath: string): Caller {
  return callerOver({
    where: "the server on this machine",
    patience: usual,
    open: ({ method, path, headers }) =>
      http.request({ socketPath, method, path, headers: { host: "localhost", ...headers } }),
  })
}

/** @throws FleetError `InvalidInput` */
export function remoteCaller(server: string, token: string | undefined, patience = usual): Caller {
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw new FleetError("InvalidInput", `"${server}" is not a server's address; it looks like http://127.0.0.1:7400`)
  }
  if (!isConfidential(server)) {
    throw new FleetError(
      "InvalidInput",
      `${server} would be sent the token for everybody on the way to read; beyond loopback a server is asked by https`,
    )
  }
  if (token === undefined) {
    throw new FleetError(
      "InvalidInput",
      'asking a server needs its token in FLEET_LEDGER_TOKEN, or in the file that FLEET_LEDGER_TOKEN_FILE names; "fleet-ledger token create NAME" makes one there',
    )
  }
  const base = new URL(server)
  const request = base.protocol === "https:" ? https.request : http.request
  return callerOver({
    where: base.origin,
    patience,
    open: ({ method, path, headers }) =>
      request(new URL(path, base), { method, headers: { ...headers, authorization: `Bearer ${token}` } }),
  })
}

function callerOver(door: Door): Caller {
  const { silenceMs } = door.patience
  return {
    async invoke(spec, input, signal, progress, body) {
      if (spec.kind !== "job") return ask(door, requestOf(spec, input), signal)
      // One that may have begun is cancelled there; what it takes is not sent any further.
      let job = (await (body === undefined
        ? ask(door, requestOf(spec, input))
        : ask(door, taking(spec, input, body), signal))) as JobAnswer
      const cancel = () => void ask(door, { method: "DELETE", path: `/api/v1/jobs/${job.id}` }).catch(() => undefined)
      if (signal.aborted) cancel()
      else signal.addEventListener("abort", cancel, { once: true })
      while (job.state === "running") {
        job = await nextOf(job, door)
        progress(job.progress.done, job.progress.total, job.progress.what)
      }
      signal.removeEventListener("abort", cancel)
      if (job.result !== null) return job.result
      throw problemOf(job.problem, door)
    },
    async *read(spec, input, signal) {
      const response = await send(door, { ...requestOf(spec, input), accept: "*/*" }, signal)
      if (response.statusCode !== 200) throw errorOf(response, await bodyOf(response, door), door)
      yield* textOf(response, door)
    },
    async *follow(spec, input, signal) {
      const response = await send(door, { ...requestOf(spec, input), accept: "application/x-ndjson" }, signal)
      if (response.statusCode !== 200) throw errorOf(response, await bodyOf(response, door), door)
      let cause: unknown
      try {
        for await (const line of eachWithin(silenceMs, createInterface({ input: response }), door))
          if (line !== "") yield JSON.parse(line) as object
      } catch (error) {
        // Broken off, perhaps in the midst of a line.
        cause = error
      } finally {
        response.destroy()
      }
      if (!signal.aborted && (spec.endless || cause !== undefined)) throw hasGone(door, cause)
    },
    async close() {},
  }
}

/** The job after something changed. It goes on there, so a connection that breaks meanwhile is no end of it. */
async function nextOf({ id }: JobAnswer, door: Door): Promise<JobAnswer> {
  for (let broken = 1; ; broken++) {
    try {
      return (await ask(door, { method: "GET", path: `/api/v1/jobs/${id}?wait=true` })) as JobAnswer
    } catch (error) {
      if (!(error instanceof FleetError) || error.code !== "SourceUnavailable") throw error
      if (broken === mostBroken)
        throw new FleetError("SourceUnavailable", `${error.message}; what was begun there may still be going on`, {
          cause: error,
        })
      await new Promise((resolve) => setTimeout(resolve, door.patience.againMs))
    }
  }
}

function hasGone(door: Door, cause: unknown): FleetError {
  if (cause instanceof FleetError) return cause
  return new FleetError("SourceUnavailable", `${door.where} has gone`, { cause })
}

const saysNothing = ({ where }: Door, ms: number) =>
  new FleetError("SourceUnavailable", `${where} has said nothing for ${ms / 1_000} s: the connection may be broken`)

const never = new AbortController().signal

/** What comes, as long as no piece of it is waited for longer than that. */
async function* eachWithin<T>(ms: number, pieces: AsyncIterable<T>, door: Door): AsyncGenerator<T> {
  const coming = pieces[Symbol.asyncIterator]()
  for (;;) {
    const { done, value } = await within(
      ms,
      never,
      () => saysNothing(door, ms),
      () => coming.next(),
    )
    if (done) return
    yield value
  }
}

interface Request extends Omit<Outgoing, "headers"> {
  readonly body?: string | Readable
  readonly accept?: string
}

/** Its inputs go into the query, as the body is what it takes. */
function taking(spec: CommandSpec, input: Record<string, unknown>, body: Readable): Request {
  const { path } = requestOf({ ...spec, route: { ...spec.route, method: "GET" } }, input)
  return { method: spec.route.method, path, body }
}

/** The HTTP request that an operation is called by: its inputs go into the path, the query, or for POST the body. */
function requestOf(spec: CommandSpec, input: Record<string, unknown>): Request {
  const { method, path } = spec.route
  const rest = { ...input }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest[name])
    delete rest[name]
    return encodeURIComponent(value)
  })
  if (method === "POST") return { method, path: filled, body: JSON.stringify(rest) }
  const query = new URLSearchParams(
    Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
  return { method, path: query === "" ? filled : `${filled}?${query}` }
}

async function ask(door: Door, request: Request, signal = never): Promise<object> {
  const response = await send(door, request, signal)
  const body = await bodyOf(response, door)
  const { statusCode = 500 } = response
  if (statusCode < 200 || statusCode > 299 || typeof body !== "object" || body === null)
    throw errorOf(response, body, door)
  return body
}

/** The head of the answer; as long as nobody leaves, the rest comes too. */
function send(
  door: Door,
  { method, path, body, accept = "application/json" }: Request,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const type = {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(typeof body === "string" ? { "content-length": Buffer.byteLength(body) } : {}),
    }
    const request = door.open({ method, path, headers: { accept, ...type } })
    const { answerMs } = door.patience
    const unknown = method === "GET" ? "" : "; whether it did what was asked is not known"
    const timer = setTimeout(() => {
      reject(new FleetError("SourceUnavailable", `${door.where} did not answer within ${answerMs / 1_000} s${unknown}`))
      request.destroy()
    }, answerMs)
    const leave = () => {
      reject(new FleetError("Cancelled", `cancelled${unknown}`))
      request.destroy()
    }
    if (signal.aborted) leave()
    else signal.addEventListener("abort", leave, { once: true })
    request.once("close", () => {
      clearTimeout(timer)
      signal.removeEventListener("abort", leave)
    })
    request.once("response", (response) => {
      clearTimeout(timer)
      resolve(response)
    })
    request.once("error", (error) => {
      reject(
        new FleetError("SourceUnavailable", `${door.where} cannot be reached: ${messageOf(error)}`, { cause: error }),
      )
    })
    if (body instanceof Readable) {
      // The answer, if there is one, tells of what went wrong there; what went wrong here is told at once.
      body.once("error", reject)
      // What is sent may take its time.
      body.on("data", () => timer.refresh())
      body.pipe(request)
    } else request.end(body)
  })
}

async function bodyOf(response: http.IncomingMessage, door: Door): Promise<unknown> {
  let text = ""
  for await (const piece of textOf(response, door)) text += piece
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

async function* textOf(response: http.IncomingMessage, door: Door): AsyncGenerator<string> {
  response.setEncoding("utf8")
  try {
    yield* eachWithin(door.patience.answerMs, response as AsyncIterable<string>, door)
  } catch (error) {
    throw hasGone(door, error)
  } finally {
    response.destroy()
  }
}

/** What is told by an answer that is not what was asked for. */
function errorOf({ statusCode }: http.IncomingMessage, body: unknown, door: Door): Error {
  const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown }
  const isProblem = typeof code === "string" && typeof detail === "string" && (code === "Internal" || isErrorCode(code))
  if (isProblem) return problemOf({ code, detail }, door)
  return new FleetError("SourceUnavailable", `what answers at ${door.where} is no fleet-ledger: it said ${statusCode}`)
}

function problemOf(problem: JobAnswer["problem"], { where }: Door): Error {
  const { code, detail } = problem ?? { code: "Internal", detail: "a job ended with nothing" }
  return isErrorCode(code) ? new FleetError(code, detail) : new Error(`${where}: ${detail}`)
}
