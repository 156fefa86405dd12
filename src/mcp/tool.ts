/** What a tool is: a few calls of operations, and how their answers are made short. It has no rules and no data of its own. */
import * as z from "zod"
import type { JsonObject } from "#kernel/json.js"
import type { Act, Query, Text } from "#operations/define.js"

/** What a tool may ask: what answers an object, or a text that is one in JSON when that is asked for. */
export type Askable = Query | Act | Text

/** Calls an operation for whoever uses the tool. Inputs that are undefined are not given. */
export type Ask = <T>(operation: Askable, input: Readonly<Record<string, unknown>>) => Promise<T>

export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  /** Whatever it asks. */
  readonly uses: readonly Askable[]
  /** Said of one that changes something, here or by going out to look. */
  readonly writes?: { readonly idempotent: boolean; readonly openWorld: boolean }
  readonly input: z.ZodObject
  readonly output: z.ZodObject
  readonly run: (ask: Ask, input: Record<string, unknown>) => Promise<object>
}

export function tool<I extends z.ZodObject>(
  defined: Omit<Tool, "input" | "run"> & {
    readonly input: I
    readonly run: (ask: Ask, input: z.output<I>) => Promise<object>
  },
): Tool {
  return defined as unknown as Tool
}

/** Shapes of answers, without what costs words and tells nobody anything. */
export const pointShape = z.object({ position: z.number(), time: z.string() })
export const entityShape = z.object({ kind: z.string(), id: z.string(), name: z.string() })
export const nextShape = z
  .string()
  .nullable()
  .optional()
  .describe("Give it as `cursor` for what follows; null: that is all")
/** What is null or empty is not told. */
export function known(value: object): JsonObject {
  return Object.fromEntries(
    Object.entries(value).filter(([, inside]) => inside !== null && !(Array.isArray(inside) && inside.length === 0)),
  )
}
