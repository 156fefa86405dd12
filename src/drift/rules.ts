/** What is not as rules expect it. */
import type { BaselineRule } from "#events/baseline.js"
import { FleetError } from "#kernel/errors.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { escapeKey, unescapeKey } from "#kernel/pointer.js"
import type { Position } from "#kernel/point.js"
import type { Condition } from "#projections/entities/condition.js"
import type { Entity } from "#projections/entities/read.js"
import { type Kind, type RecordRow, kinds } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { inTurns } from "#timeline/turns.js"
import { type Expression, type Finding, WrongExpression, expressionOf } from "./expression.js"
import type { DriftRow } from "./row.js"
import { sinceWhen } from "./since.js"
import { conditionsOf } from "./where.js"

/** A rule that this program does not understand: it was declared by another version. */
export interface BrokenRule {
  readonly baseline: string
  readonly rule: string
  readonly why: string
}

interface Understood {
  readonly rule: BaselineRule
  readonly expression: Expression
  readonly condition: Condition | undefined
}

/** Entities that are read at once. */
const together = 500

/** @param about this entity alone @returns rules that are not understood, which judge nothing */
export async function* ruleRows(
  views: ViewsReader,
  at: Position,
  { name, rules }: { readonly name: string; readonly rules: readonly BaselineRule[] },
  about?: RecordRow,
): AsyncGenerator<DriftRow, readonly BrokenRule[]> {
  const broken: BrokenRule[] = []
  for (const kind of kinds) {
    if (about !== undefined && about.kind !== kind) continue
    const understood: Understood[] = []
    for (const rule of rules.filter((each) => each.kind === kind)) {
      const found = await understand(rule)
      if ("why" in found) broken.push({ baseline: name, rule: rule.name, why: found.why })
      else understood.push(found)
    }
    yield* rowsOfKind(views, at, kind, understood, name, about)
  }
  return broken
}

async function understand(rule: BaselineRule): Promise<Understood | { readonly why: string }> {
  try {
    const expression = expressionOf(rule.kind, rule.expect)
    return { rule, expression, condition: (await conditionsOf(rule.where, [rule.kind])).get(rule.kind) }
  } catch (error) {
    const isOfRule = error instanceof WrongExpression || (error instanceof FleetError && error.kind === "input")
    if (isOfRule) return { why: error.message }
    throw error
  }
}

/** Each entity's document is read once, whatever asks of it. */
async function* rowsOfKind(
  views: ViewsReader,
  at: Position,
  kind: Kind,
  rules: readonly Understood[],
  baseline: string,
  about: RecordRow | undefined,
): AsyncGenerator<DriftRow> {
  const asking = new Map<number, Understood[]>()
  for (const each of rules) {
    for (const no of await foundBy(views, at, kind, each, about)) {
      const known = asking.get(no)
      if (known === undefined) asking.set(no, [each])
      else known.push(each)
    }
  }
  const numbers = [...asking.keys()].toSorted((a, b) => a - b)
  const [turn, judging] = [inTurns(), new Judging()]
  for (let from = 0; from < numbers.length; from += together) {
    for (const entity of await views.entities.rows(kind, at, numbers.slice(from, from + together))) {
      const asked = asking.get(entity.no) ?? []
      const read = asked.map(({ expression }) => expression)
      const document = await documentOf(views, kind, entity, at, read)
      for (const { rule, expression } of asked) {
        for (const finding of judging.judge(rule, expression, document)) {
          const { verdict, field, why } = finding
          yield {
            baseline,
            rule: rule.name,
            severity: rule.severity,
            verdict,
            entity: { kind, id: entity.id, name: entity.name },
            field,
            expected: rule.expect,
            actual: valueAt(document, field),
            text: why ?? rule.text ?? null,
            since: () => since(views, kind, entity, finding, at),
          }
        }
      }
      await turn()
    }
  }
}

/** Of all entities together, for one rule that may take long: whoever may read may try rules. */
const longestMs = 2_000

class Judging {
  readonly #spent = new Map<BaselineRule, number>()

  judge(rule: BaselineRule, expression: Expression, document: JsonObject): readonly Finding[] {
    if (!expression.isDear) return expression.judge(document)
    const spent = this.#spent.get(rule) ?? 0
    if (spent > longestMs)
      return [{ verdict: "unknown", field: "", why: `it takes longer than ${longestMs / 1_000} s to find out of all` }]
    const began = performance.now()
    const findings = expression.judge(document)
    this.#spent.set(rule, spent + performance.now() - began)
    return findings
  }
}

const present: Condition = { is: "present" }

function foundBy(
  views: ViewsReader,
  at: Position,
  kind: Kind,
  { condition }: Understood,
  about: RecordRow | undefined,
): Promise<readonly number[]> {
  if (about === undefined) return views.entities.numbers({ kind, at, condition })
  return views.entities.among(kind, at, condition ? { is: "all", of: [present, condition] } : present, [about.no])
}

/** As much of it as expressions read. */
async function documentOf(
  views: ViewsReader,
  kind: Kind,
  { id, no }: Entity,
  at: Position,
  read: readonly Pick<Expression, "facets" | "items">[],
): Promise<JsonObject> {
  const records = kind === "target" ? await recordsOfTarget(views, id, at) : []
  const facets = [...new Set(read.flatMap((each) => each.facets))]
  if (records.length > 1) return documentOfTarget(views, records, at, facets)
  const inParts = facets.filter((facet) => read.every((each) => each.items.has(facet) || !each.facets.includes(facet)))
  const whole = facets.filter((facet) => !inParts.includes(facet))
  const document: Record<string, Json> = { ...(await views.inventory.document(no, at, whole)) }
  for (const facet of inParts) {
    const keys = read.flatMap((each) => [...(each.items.get(facet) ?? [])])
    const found = await itemsAt(views, no, at, facet, keys)
    if (found !== undefined) document[facet] = found
  }
  return document
}

/** Those of a collection that there are; undefined where nobody has looked at it. */
async function itemsAt(
  { inventory }: ViewsReader,
  no: number,
  at: Position,
  collection: string,
  keys: readonly string[],
): Promise<Json | undefined> {
  const holder = await inventory.value(no, `/${collection}`, at)
  if (!isObject(holder)) return holder
  const items: [string, Json][] = []
  for (const key of keys) {
    const value = await inventory.value(no, `/${collection}/${escapeKey(key)}`, at)
    if (value !== undefined) items.push([key, value])
  }
  return Object.fromEntries(items)
}

async function since(
  views: ViewsReader,
  kind: Kind,
  { id, no }: Entity,
  { field }: Finding,
  at: Position,
): Promise<Position | undefined> {
  const record = await views.inventory.recordByNo(no)
  if (record === undefined) return undefined
  return sinceWhen(views, kind === "target" ? await recordsOfTarget(views, id, at) : [record], field, at)
}

/** Null where there is nothing, and for a document as a whole. */
function valueAt(document: JsonObject, field: string): Json {
  if (field === "") return null
  let value: Json | undefined = document
  for (const step of field.slice(1).split("/").map(unescapeKey)) {
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, step)
        ? (value as JsonObject)[step]
        : undefined
  }
  return value ?? null
}
