/** From what a tool tells to what is sent: the way to the operations, the budget, and how failures are told. */
import type { ServerContext } from "@modelcontextprotocol/server"
import { FleetError, bug } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import { printable } from "#kernel/printable.js"
import type { Act, Progress, Query, Text } from "#operations/define.js"
import { fitted, mostBytes } from "./fit.js"
import type { Ask, Askable, Tool } from "./tool.js"
import { cut, neutral, notice } from "./untrusted.js"

/** The operations, called one by one. */
export interface Operations {
  readonly invoke: (
    operation: Query | Act,
    input: Record<string, unknown>,
    signal: AbortSignal,
    progress: Progress,
  ) => Promise<object>
  readonly read: (
    operation: Text,
    input: Record<string, unknown>,
    signal: AbortSignal,
    progress: Progress,
  ) => AsyncIterable<string>
}

/** The way to the operations, for one who asks. */
export interface Reach {
  /** Does the work of one request, which may call several operations. */
  readonly within: <T>(signal: AbortSignal, work: (operations: Operations) => Promise<T>) => Promise<T>
  /** Whether tools that change something are there, and which of them. */
  readonly allows: (tool: Tool) => boolean
  /** Told of what was not expected; whoever asked is told only that it happened. */
  readonly failed: (error: unknown) => void
}

/** As it is sent: made harmless, within the budget, marked. */
export function answered(told: object): JsonObject {
  // A cursor is ours, and would be none if it were cut.
  const { next, ...rest } = told as JsonObject
  const cursor = next === undefined ? {} : { next }
  const { value, omitted } = fitted(neutral(rest) as JsonObject, mostBytes - JSON.stringify(cursor).length - 300)
  const left = [...(Array.isArray(value["omitted"]) ? value["omitted"] : []), ...omitted]
  return { notice, ...value, ...cursor, ...(left.length > 0 && { omitted: left }) }
}

/** What a tool tells, made what is sent. @throws a bug, where it asks what it does not say that it uses */
export function answerOf(
  { name, uses }: Pick<Tool, "name" | "uses">,
  run: (ask: Ask) => Promise<object>,
  reach: Reach,
  context: ServerContext,
): Promise<JsonObject> {
  const { signal } = context.mcpReq
  const progress = progressOf(context)
  return reach.within(signal, async ({ invoke, read }) => {
    const ask: Ask = async <T>(operation: Askable, input: Readonly<Record<string, unknown>>) => {
      if (!uses.includes(operation)) throw bug(`${name} does not say that it uses ${operation.name}`)
      const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
      if (operation.kind !== "text") return (await invoke(operation, given, signal, progress)) as T
      let text = ""
      for await (const piece of read(operation, given, signal, progress)) text += piece
      return JSON.parse(text) as T
    }
    return answered(await run(ask))
  })
}

/** More often nobody wants to hear of it. */
const progressEveryMs = 500

function progressOf({ mcpReq }: ServerContext): Progress {
  const token = mcpReq._meta?.progressToken
  if (token === undefined) return () => {}
  let last = Number.NEGATIVE_INFINITY
  let sent = 0
  return (done, total, what) => {
    const now = performance.now()
    if (now - last < progressEveryMs) return
    last = now
    // By the protocol it only ever grows; another kind of thing may be counted from nothing.
    const params = {
      progressToken: token,
      progress: ++sent,
      message: `${cut(printable(what), 100)} ${done} of ${total}`,
    }
    mcpReq.notify({ method: "notifications/progress", params }).catch(() => {})
  }
}

/** The same sentence as at every other door; it may name what there is instead, in the fleet's own words. */
export function refusal(error: unknown, { failed }: Reach): string {
  if (error instanceof FleetError) return `${error.code}: ${cut(printable(error.message), 1_000)}\n${notice}`
  failed(error)
  return `Internal: something broke inside; the log says what`
}
