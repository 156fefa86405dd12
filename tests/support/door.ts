/** The HTTP door of a small fleet, asked without a port: a host that changed, a service on it, a handler with a dead letter, tokens. */
import type { FastifyInstance, LightMyRequestResponse } from "fastify"
import { pino } from "pino"
import { onTestFinished } from "vitest"
import { onLoopback } from "#api/access.js"
import { buildApi } from "#api/app.js"
import type { Fleet } from "#fleet.js"
import type { Position } from "#kernel/point.js"
import type { DeadLetter } from "#ops/dead-letters.js"
import type { Scope } from "#ops/tokens.js"
import type { Handler } from "#subscriptions/handler.js"
import { addHost, addService, changeKernel, scriptedFleet } from "./scripted-fleet.js"
import { TestClock, time } from "./test-clock.js"

export const port = 7_400
export const day = 86_400_000

/** Is asked about nothing but its dead letter, and refuses that. */
const unwilling: Handler = {
  name: "unwilling",
  types: [],
  handle: () => Promise.reject(new Error("not this one")),
}

export const letter: DeadLetter = {
  id: "5f0cbb0e-5c1c-4d35-8b5f-0a4f4f9d0201",
  handler: "unwilling",
  position: 0 as Position,
  message: "not this one",
  attempts: 5,
  at: time("2026-11-23T13:00:00.000Z"),
}

export interface Door {
  readonly app: FastifyInstance
  readonly fleet: Fleet
  readonly clock: TestClock
  readonly host: string
  readonly ask: (path: string, options?: Asking) => Promise<LightMyRequestResponse>
  readonly token: (scope: Scope) => Promise<string>
}

interface Asking {
  readonly method?: "GET" | "POST" | "DELETE"
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: object | string
}

/** @param requestsPerSecond where there will be more than one asker is usually allowed */
export async function door(requestsPerSecond?: number): Promise<Door> {
  const clock = new TestClock()
  const fleet = await scriptedFleet(clock, [unwilling])
  await fleet.ops.deadLetters.park(letter)
  const access = requestsPerSecond === undefined ? fleet.config.access : { requestsPerSecond }
  const served = { ...fleet, config: { ...fleet.config, access } }
  const app = await buildApi(served, onLoopback(port), pino({ level: "silent" }))
  await app.ready()
  onTestFinished(() => app.close())
  const tokens = new Map<Scope, string>()
  const host = await addHost(fleet, "web-1")
  await addService(fleet, host, "nginx")
  clock.advance(60_000)
  await changeKernel(fleet, host, "6.1.0", "6.1.1")
  return {
    app,
    fleet,
    clock,
    host,
    ask: (url, { method = "GET", token, headers = {}, payload } = {}) =>
      app.inject({
        method,
        url,
        headers: {
          host: `127.0.0.1:${port}`,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(payload === undefined ? {} : { payload }),
      }),
    async token(scope) {
      const secret = tokens.get(scope) ?? (await fleet.ops.tokens.create(`${scope}-token`, scope, day)).secret
      tokens.set(scope, secret)
      return secret
    },
  }
}
