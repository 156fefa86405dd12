/**
 * What an operation is. It exists once: the HTTP route with its OpenAPI entry and the command line are generated from the definition, and no door
 * has rules of its own.
 */
import * as z from "zod"
import type { Fleet } from "#fleet.js"
import type { Point } from "#kernel/point.js"
import type { Scope } from "#ops/tokens.js"
import type { AskedAt } from "#timeline/period.js"

/** Who asks. */
export interface Principal {
  /** As events name it: `user:alice`, `token:grafana`. */
  readonly name: string
  readonly scope: Scope
}

export type Progress = (done: number, total: number, what: string) => void

export interface Call {
  readonly fleet: Fleet
  readonly principal: Principal
  readonly signal: AbortSignal
  readonly progress: Progress
  /** Which point a moment is, where several questions are to be of one. */
  readonly pointAt?: (at: string | undefined) => Promise<Point>
  /** Told, by a stream, up to where there was nothing for it to tell. */
  readonly passed?: (position: number) => void
  /** What came with the call, of an operation that takes something. */
  readonly body?: AsyncIterable<Uint8Array>
}

/** A read is always at a point, resolved before the handler runs, with the views caught up to it if it reads them. */
export interface QueryCall extends Call, AskedAt {}

/** How the operation is reached over HTTP: `{name}` in the path is an input of that name. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE"
  readonly path: string
}

/** How it is called on the command line. */
export interface Command {
  /** One or two words: `targets`, `token create`. */
  readonly name: string
  /** Inputs given by position; `[name]` is optional. */
  readonly positional: readonly string[]
  /** What the file is called whose content goes with the call: `body` of the operation. */
  readonly body?: string
  /** Inputs that may be given as `@FILE` or, from standard input, `@-`. */
  readonly files?: readonly string[]
  /** Inputs that name files or folders where the ledger is: relative ones are those of whoever types them there. */
  readonly paths?: readonly string[]
  readonly examples: readonly string[]
}

interface Base<I extends z.ZodObject> {
  readonly name: string
  readonly summary: string
  readonly scope: Scope
  readonly input: I
  readonly route: Route
  readonly command: Command
  /** Said of what is written down in the ledger when it is used, as it leaves no event of its own; `what` is the input that says of what it was, or those of which one does. */
  readonly accounted?: { readonly as: "export" | "administration"; readonly what?: string | readonly string[] }
}

export interface Query<I extends z.ZodObject = z.ZodObject> extends Base<I> {
  readonly kind: "query"
  /** Said of a read that needs no views, and so answers when they are behind or have stopped. */
  readonly withoutViews?: true
  /**
   * Said of a read whose answer its input and its point decide: who has it need not be told it again. When something was seen last is exact of the last look alone, to the hour
   * of those before; an answer may be told again with the exact time.
   */
  readonly ofPoint?: true
  /** Its inputs that are points in time of their own. One that is told by the clock or by a name may be another one later, whatever the point. */
  readonly moments?: readonly string[]
  /** Without `at`, which every answer of a query carries. */
  readonly output: z.ZodObject
  readonly run: (call: QueryCall, input: z.output<I>) => Promise<object>
}

export interface Act<I extends z.ZodObject = z.ZodObject> extends Base<I> {
  /** A command is done when it answers; a job is started, watched and can be cancelled. */
  readonly kind: "command" | "job"
  /** Of what types it takes something with the call, which may be long and is read as it comes. Of jobs only. */
  readonly body?: readonly string[]
  /** Said of what answers with a secret, which is kept nowhere. */
  readonly shownOnce?: true
  readonly output: z.ZodObject
  readonly run: (call: Call, input: z.output<I>) => Promise<object>
}

/** What is followed. */
export type Items = AsyncIterable<{ readonly position: number }>

export interface Stream<I extends z.ZodObject = z.ZodObject> extends Base<I> {
  readonly kind: "stream"
  /** It ends by itself: what there is by now, not what comes. */
  readonly finite?: true
  /** Of each item; its `position` is the cursor to go on from. */
  readonly output: z.ZodObject
  /** What is refused is refused before there is anything to follow. */
  readonly run: (call: Call, input: z.output<I>) => Promise<Items>
}

/** A read whose answer is in a format of others, and may be long: it is made while it is sent. */
export interface Text<I extends z.ZodObject = z.ZodObject> extends Base<I> {
  readonly kind: "text"
  /** All that its answers may be of. */
  readonly mediaTypes: readonly string[]
  readonly run: (call: QueryCall, input: z.output<I>) => Promise<TextAnswer>
}

export interface TextAnswer {
  readonly mediaType: string
  readonly pieces: AsyncIterable<string>
}

export type Operation = Query | Act | Stream | Text

/** The input that every read takes. */
export const at = z
  .string()
  .max(100)
  .optional()
  .describe(
    "Point in time: now, 2026-11-23T14:00:00Z, 2026-11-23, -2h, yesterday 14:00, position:123, snapshot:NAME, run:ID",
  )

/** An operation that still says in its type what it takes and what it answers: the page asks by that. */
export type Typed<B, I, O> = B & { readonly input: I; readonly output: O }

type Defined<D extends Query | Act, O> = Omit<D, "kind" | "output"> & { readonly output: O }

export function query<I extends z.ZodObject, O extends z.ZodObject>(
  operation: Defined<Query<I>, O>,
): Typed<Query, z.ZodObject<I["shape"] & { at: typeof at }>, O> {
  return { ...operation, kind: "query", input: operation.input.extend({ at }) } as unknown as ReturnType<
    typeof query<I, O>
  >
}

export function command<I extends z.ZodObject, O extends z.ZodObject>(operation: Defined<Act<I>, O>): Typed<Act, I, O> {
  return { ...operation, kind: "command" } as unknown as Typed<Act, I, O>
}

export function job<I extends z.ZodObject, O extends z.ZodObject>(operation: Defined<Act<I>, O>): Typed<Act, I, O> {
  return { ...operation, kind: "job" } as unknown as Typed<Act, I, O>
}

export function text<I extends z.ZodObject>(operation: Omit<Text<I>, "kind">): Text {
  return { ...operation, kind: "text", input: operation.input.extend({ at }) } as unknown as Text
}

export function stream<I extends z.ZodObject>(operation: Omit<Stream<I>, "kind">): Stream {
  return { ...operation, kind: "stream" } as unknown as Stream
}
