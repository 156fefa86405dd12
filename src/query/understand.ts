/** From what was asked to what the views are asked for: which fields are meant, and whether their values can be what was written. */
import type { Instant } from "#kernel/clock.js"
import { nearest } from "#kernel/nearest.js"
import type { Point, Position } from "#kernel/point.js"
import type { Comparison, Condition, Test } from "#projections/entities/condition.js"
import { type Kind, kinds } from "#projections/inventory/read.js"
import { type Field, fieldsOf } from "./fields.js"
import { wrongAt } from "./parse.js"
import type { FieldIs, Operator, Query, Value } from "./tree.js"

export interface Understanding {
  /** Of what is asked for. */
  readonly kinds: readonly Kind[]
  /** The point that the question is asked at. */
  readonly point: Point
  /** @throws FleetError `InvalidPoint` */
  readonly resolve: (moment: string) => Promise<Point>
}

/**
 * What has to be so of each kind. A field that only some of the kinds have is not so of the others.
 * @throws FleetError `InvalidQuery` that names the character, for a field that none of the kinds has, or for a value that cannot be one of its
 */
export async function understand(query: Query, asked: Understanding): Promise<ReadonlyMap<Kind, Condition>> {
  const conditions = new Map<Kind, Condition>()
  for (const kind of asked.kinds) conditions.set(kind, await conditionOf(query, kind, asked))
  return conditions
}

async function conditionOf(query: Query, kind: Kind, asked: Understanding): Promise<Condition> {
  switch (query.is) {
    case "all":
    case "any": {
      const of: Condition[] = []
      for (const part of query.of) of.push(await conditionOf(part, kind, asked))
      return { is: query.is, of }
    }
    case "not":
      return { is: "not", of: await conditionOf(query.of, kind, asked) }
    case "words":
      return { is: "words", text: query.text.toLowerCase() }
    case "field":
      return fieldIs(query, kind, asked)
  }
}

async function fieldIs(query: FieldIs, kind: Kind, asked: Understanding): Promise<Condition> {
  const [first = "", ...rest] = query.name.split(".")
  const other = kinds.find((one) => one === first)
  if (other !== undefined && rest.length > 0) {
    const name = rest.join(".")
    const found = fieldsOf[other].get(name)
    if (found === undefined) throw unknownField(query, [other], name, `${other}.`)
    return { is: "related", kind: other, of: await tested(found, query, asked) }
  }
  const found = fieldsOf[kind].get(query.name)
  if (found !== undefined) return tested(found, query, asked)
  if (asked.kinds.every((one) => !fieldsOf[one].has(query.name))) throw unknownField(query, asked.kinds, query.name, "")
  return nothing
}

const nothing: Condition = { is: "any", of: [] }

async function tested(field: Field, query: FieldIs, asked: Understanding): Promise<Condition> {
  const any: Condition[] = []
  for (const value of query.values) any.push(await withValue(field, query, value, asked))
  const condition: Condition = any.length === 1 ? (any[0] as Condition) : { is: "any", of: any }
  return query.operator === "!=" ? { is: "not", of: condition } : condition
}

async function withValue(
  field: Field,
  { operator, name }: FieldIs,
  value: Value,
  asked: Understanding,
): Promise<Condition> {
  if (value.text === "*" && !value.quoted && isEquality(operator)) return field.condition({ has: "value" })
  switch (field.type) {
    case "since":
      return happened(field.name as "changed" | "discovered", operator, value, asked)
    case "number":
    case "size":
      return numeric(field, operator, value, name)
    case "time": {
      const time = await moment(value, asked)
      return field.condition({ has: "order", compare: isEquality(operator) ? "=" : operator, value: time })
    }
    case "truth":
      onlyEquality(field, operator, value)
      return field.condition({ has: "truth", value: truth(value, name) })
    case "prose":
      onlyEquality(field, operator, value)
      if (operator === "=" || isPattern(value)) return field.condition(text(value))
      return field.condition({ has: "words", words: value.text.split(/\s+/).filter((word) => word !== "") })
    case "address":
      onlyEquality(field, operator, value)
      return field.condition({
        has: "text",
        anyOf: [textOf(value), ...(value.text.includes("/") ? [] : [within(value, "/*")])],
      })
    case "port":
      onlyEquality(field, operator, value)
      return field.condition({ has: "text", anyOf: [textOf(value), { text: `*:${value.text}`, pattern: true }] })
    case "word":
      onlyEquality(field, operator, value)
      if (field.values === undefined || isPattern(value) || isAmong(field.values, value))
        return field.condition(text(value))
      return neverSo(field.values, value, name, asked)
  }
}

function isEquality(operator: Operator): operator is ":" | "=" | "!=" {
  return operator === ":" || operator === "=" || operator === "!="
}

function isPattern(value: Value): boolean {
  return !value.quoted && /[*?]/.test(value.text)
}

function textOf(value: Value) {
  return { text: value.text, pattern: isPattern(value) }
}

function text(value: Value): Test {
  return { has: "text", anyOf: [textOf(value)] }
}

/** Whatever begins with the value. */
function within({ text: begin }: Value, rest: string) {
  return { text: `${begin}${rest}`, pattern: true }
}

function onlyEquality({ name }: Field, operator: Operator, { place }: Value): void {
  if (!isEquality(operator))
    throw wrongAt(place, `"${name}" has no order, so nothing is "${operator}" of it; write ${name}:VALUE`)
}

function isAmong(values: readonly string[], { text: given }: Value): boolean {
  return values.includes(given.toLowerCase())
}

/** What one kind never is, another may be: machines are healthy, and services run. */
function neverSo(ofKind: readonly string[], value: Value, name: string, asked: Understanding): Condition {
  const others = asked.kinds.flatMap((kind) => fieldsOf[kind].get(name) ?? [])
  if (others.some((other) => other.values === undefined || isAmong(other.values, value))) return nothing
  const values = [...new Set([...ofKind, ...others.flatMap((other) => other.values ?? [])])]
  const { text: given, place } = value
  const near = nearest(given, values)
  const hint = near === undefined ? `it is one of ${values.join(", ")}` : `did you mean "${near}"?`
  throw wrongAt(place, `"${name}" is never "${given.slice(0, 80)}"; ${hint}`)
}

function truth({ text: given, place }: Value, name: string): boolean {
  if (/^(?:true|yes)$/i.test(given)) return true
  if (/^(?:false|no)$/i.test(given)) return false
  throw wrongAt(place, `"${name}" is true or false`)
}

function numeric(field: Field, operator: Operator, value: Value, name: string): Condition {
  const range = /^(.+)\.\.(.+)$/.exec(value.text)
  if (range !== null && isEquality(operator)) {
    const [, from = "", to = ""] = range
    const bound = (compare: Comparison, given: string) =>
      field.condition({ has: "number", compare, value: number(given, field, value, name) })
    return { is: "all", of: [bound(">=", from), bound("<=", to)] }
  }
  const compare = isEquality(operator) ? "=" : operator
  return field.condition({ has: "number", compare, value: number(value.text, field, value, name) })
}

const mebibytes: Readonly<Record<string, number>> = { K: 1 / 1_024, M: 1, G: 1_024, T: 1_048_576 }

/** A number; of sizes, in MiB unless a unit says so. */
function number(given: string, { type }: Field, { place }: Value, name: string): number {
  const found = /^(-?\d+(?:\.\d+)?)(?:([KMGT])(?:i?B)?)?$/i.exec(given)
  const unit = found?.[2]
  if (found === null || (unit !== undefined && type !== "size")) {
    const form = type === "size" ? "a size like 512M or 16G" : "a number"
    throw wrongAt(place, `"${name}" is ${form}, which "${given.slice(0, 80)}" is not`)
  }
  return Number(found[1]) * (unit === undefined ? 1 : (mebibytes[unit.toUpperCase()] ?? 1))
}

async function happened(
  is: "changed" | "discovered",
  operator: Operator,
  value: Value,
  asked: Understanding,
): Promise<Condition> {
  const { position } = await pointOf(value, asked)
  if (operator === ">" || operator === ">=") return { is, after: position, upTo: asked.point.position }
  if (operator === "<" || operator === "<=") {
    const since: Condition = { is, after: position, upTo: asked.point.position }
    return { is: "not", of: since }
  }
  throw wrongAt(value.place, `ask for ${is}:>MOMENT (since then) or ${is}:<MOMENT (not since then)`)
}

async function moment(value: Value, asked: Understanding): Promise<Instant> {
  return (await pointOf(value, asked)).time
}

/** A moment before the ledger is its beginning here: what happened since then is everything. */
async function pointOf(value: Value, { resolve }: Understanding): Promise<{ position: Position; time: Instant }> {
  try {
    return await resolve(value.text)
  } catch (error) {
    if (error instanceof Error) throw wrongAt(value.place, error.message)
    throw error
  }
}

function unknownField({ place }: FieldIs, among: readonly Kind[], name: string, prefix: string): Error {
  const names = [...new Set(among.flatMap((kind) => [...fieldsOf[kind].keys()]))]
  const near = nearest(name, names)
  const there = kinds.find((kind) => !among.includes(kind) && fieldsOf[kind].has(name))
  const hint =
    prefix === "" && there !== undefined
      ? `a ${there} has one: ${there}.${name}`
      : near === undefined
        ? 'write "quotation marks" around text that has a colon in it'
        : `did you mean "${prefix}${near}"?`
  return wrongAt(place, `a ${among.join(" or ")} has no field "${name.slice(0, 80)}"; ${hint}`)
}
