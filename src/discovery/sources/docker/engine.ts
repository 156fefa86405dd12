/** Asking an engine. It answers, refuses (a proxy in front of it may), or is not there, which ends the look. */
import type Docker from "dockerode"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Json } from "#kernel/json.js"
import { foreignText } from "../../facts/foreign.js"
import { type OverSsh, agentFor } from "./agent.js"
import type { Endpoint } from "./endpoint.js"
import type { Answered } from "./machine.js"

/** An answer, or `gone` for what is not there any more. */
export type Reply = Answered | { readonly gone: true }

/** For what cannot go. */
export function answered(reply: Reply): Answered {
  return "gone" in reply ? { why: "the engine answers 404" } : reply
}

interface How {
  readonly abortSignal: AbortSignal
}

/** The calls whose types do not know that they can be aborted. */
interface Abortable {
  version(how: How): Promise<unknown>
  info(how: How): Promise<unknown>
  getImage(id: string): { inspect(how: How): Promise<unknown> }
}
type Client = Omit<Docker, keyof Abortable> & Abortable

export interface Engine {
  /** As a person would write it. */
  readonly address: string
  /** @throws FleetError `SourceUnavailable` when nobody answers, or no engine; the reason of the signal when it aborts */
  ask(call: (docker: Client, how: How) => Promise<unknown>): Promise<Reply>
  /** Events of these kinds, as bytes of JSON documents, until the signal aborts. Rejects where that does not begin in time. */
  events(filters: Readonly<Record<string, readonly string[]>>): Promise<NodeJS.ReadableStream>
  close(): void
}

export interface EngineOptions {
  readonly overSsh: OverSsh
  readonly signal: AbortSignal
  readonly patienceMs: number
}

export async function engineAt(endpoint: Endpoint, { overSsh, signal, patienceMs }: EngineOptions): Promise<Engine> {
  const { default: Dockerode } = await import("dockerode")
  const agent = agentFor(endpoint, overSsh)
  const options = { socketPath: undefined, protocol: "http", host: "docker", agent } as Docker.DockerOptions
  const docker = withoutVariables(() => new Dockerode(options))
  return {
    address: addressOf(endpoint),
    async ask(call) {
      const late = AbortSignal.timeout(patienceMs)
      try {
        const json = await call(docker as Client, { abortSignal: AbortSignal.any([signal, late]) })
        // What is not JSON comes as bytes.
        if (typeof json !== "object" || json instanceof Uint8Array) throw new Error("what answers is not JSON")
        return { json: json as Json }
      } catch (error) {
        signal.throwIfAborted()
        if (late.aborted) throw unavailable(endpoint, `no answer within ${patienceMs / 1_000} s`)
        return refusal(endpoint, error)
      }
    },
    async events(filters) {
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), patienceMs)
      try {
        return await docker.getEvents({
          filters: filters as Record<string, string[]>,
          abortSignal: AbortSignal.any([signal, late.signal]),
        } as Docker.GetEventsOptions)
      } finally {
        clearTimeout(timer)
      }
    },
    close: () => agent.destroy(),
  }
}

/**
 * Whatever docker-modem is told, it reads DOCKER_HOST and, if that is set, the variables beside it: paths and times that would then hold for this engine too, and
 * certificates, without which it throws. Where the engine is has been decided, by those variables where they are to count.
 */
function withoutVariables<T>(make: () => T): T {
  const host = process.env["DOCKER_HOST"]
  delete process.env["DOCKER_HOST"]
  try {
    return make()
  } finally {
    if (host !== undefined) process.env["DOCKER_HOST"] = host
  }
}

function refusal(endpoint: Endpoint, error: unknown): Reply {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined
  if (status === 404) return { gone: true }
  if (typeof status === "number") return { why: foreignText(`the engine answers ${status}`) }
  throw unavailable(endpoint, messageOf(error), error)
}

function unavailable(endpoint: Endpoint, why: string, cause?: unknown): FleetError {
  if (cause instanceof FleetError) return cause
  return new FleetError("SourceUnavailable", foreignText(`the Docker Engine at ${addressOf(endpoint)}: ${why}`), {
    cause,
  })
}

function addressOf(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case "unix":
      return endpoint.path
    case "ssh":
      return endpoint.address
    case "tcp":
      return `${endpoint.host}:${endpoint.port}`
  }
}
