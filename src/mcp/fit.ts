/** Answers have a budget: what reads them pays for every word, and forgets what does not fit. */
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { cut } from "./untrusted.js"

/**
 * Of an answer as JSON, in bytes. It is sent twice, as text and as structured content; counted at three bytes a token (English has four and more, JSON of names
 * and ids about three), both together stay below 9,000 tokens.
 */
export const mostBytes = 13_000

export function sizeOf(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value))
}

/** How much of it is left, ever less: members of a collection, characters of a text, levels. */
const steps = [
  { members: 300, text: 400, depth: 12 },
  { members: 100, text: 400, depth: 12 },
  { members: 50, text: 200, depth: 10 },
  { members: 20, text: 120, depth: 8 },
  { members: 10, text: 80, depth: 6 },
  { members: 5, text: 60, depth: 4 },
  { members: 2, text: 40, depth: 3 },
] as const

/** Objects of no more members are no collections: they have a shape. */
const mostFields = 16

export interface Fitted {
  readonly value: JsonObject
  /** What was left out, and how much of it: `facets.packages: 300 of 1012`. */
  readonly omitted: readonly string[]
}

/** @returns it within so many bytes, for which the longest lists in it are cut first */
export function fitted(value: JsonObject, bytes: number): Fitted {
  if (sizeOf(value) <= bytes) return { value, omitted: [] }
  let made: Fitted = { value, omitted: [] }
  for (const step of steps) {
    const omitted: string[] = []
    made = { value: reduced(value, step, "", omitted) as JsonObject, omitted: omitted.slice(0, 10) }
    if (sizeOf(made.value) + sizeOf(made.omitted) <= bytes) break
  }
  return made
}

type Step = (typeof steps)[number]

function reduced(value: Json, step: Step, path: string, omitted: string[], level = 0): Json {
  if (typeof value === "string") return cut(value, step.text)
  if (typeof value !== "object" || value === null) return value
  if (level > step.depth) return cut(JSON.stringify(value), step.text)
  const within = (inside: Json, key: string) =>
    reduced(inside, step, path === "" ? key : `${path}.${key}`, omitted, level + 1)
  const first = <T>(members: readonly T[], most: number): readonly T[] => {
    if (members.length > most) omitted.push(cut(`${path}: ${most} of ${members.length}`, 200))
    return members.slice(0, most)
  }
  if (!isObject(value)) return first(value, step.members).map((item) => within(item, "*"))
  const most = level === 0 ? Number.POSITIVE_INFINITY : Math.max(step.members, mostFields)
  const members = first(Object.entries(value), most)
  return Object.fromEntries(members.map(([key, inside]) => [cut(key, step.text), within(inside, key)]))
}
