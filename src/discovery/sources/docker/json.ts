/** Reading what an engine answered. Versions and dialects differ, so nothing is taken for granted: what is not as expected is not there. */
import { type Json, isObject } from "#kernel/json.js"
import { foreignLine } from "../../facts/foreign.js"

export function at(json: Json | undefined, ...path: readonly string[]): Json | undefined {
  let value = json
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  return value
}

/** Text that says something, fit for an observation. */
export function textAt(json: Json | undefined, ...path: readonly string[]): string | null {
  const value = at(json, ...path)
  return typeof value === "string" ? foreignLine(value) : null
}

export function countAt(json: Json | undefined, ...path: readonly string[]): number | null {
  const value = at(json, ...path)
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null
}

export function flagAt(json: Json | undefined, ...path: readonly string[]): boolean | null {
  const value = at(json, ...path)
  return typeof value === "boolean" ? value : null
}

export function itemsAt(json: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const value = at(json, ...path)
  return Array.isArray(value) ? (value as readonly Json[]) : []
}

export function membersAt(json: Json | undefined, ...path: readonly string[]): readonly (readonly [string, Json])[] {
  const value = at(json, ...path)
  return isObject(value) ? Object.entries(value) : []
}

/** Milliseconds since the epoch; undefined for none, which Go writes as the year 1. */
export function timeAt(json: Json | undefined, ...path: readonly string[]): number | undefined {
  const value = at(json, ...path)
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN
  return time > 0 ? time : undefined
}
