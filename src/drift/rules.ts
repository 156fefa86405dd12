/** What is not as rules expect it. */
import type { BaselineRule } from "#events/baseline.js"
import type { Json, JsonObject } from "#kernel/json.js"
import { unescapeKey } from "#kernel/pointer.js"
import type { Position } from "#kernel/point.js"
import type { Condition } from "#projections/entities/condition.js"
import type { Entity } from "#projections/entities/read.js"
import type { Kind, RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { inTurns } from "#timeline/turns.js"
import { type Finding, expressionOf } from "./expression.js"
import type { DriftRow } from "./row.js"
import { sinceWhen } from "./since.js"
import { conditionsOf } from "./where.js"

/** Entities that are read at once. */
const together = 500

/**
 * @param about this entity alone
 * @throws WrongExpression, or FleetError `InvalidQuery`, for a rule that is not understood
 */
export async function* ruleRows(
  views: ViewsReader,
  at: Position,
  baseline: string,
  rule: BaselineRule,
  about?: RecordRow,
): AsyncGenerator<DriftRow> {
  const { kind, expect, severity, text = null } = rule
  const expression = expressionOf(kind, expect)
  const condition = (await conditionsOf(rule.where, [kind])).get(kind)
  if (about !== undefined && about.kind !== kind) return
  const present: Condition = { is: "present" }
  const asked =
    about === undefined
      ? await views.entities.numbers({ kind, at, condition })
      : await views.entities.among(kind, at, condition ? { is: "all", of: [present, condition] } : present, [about.no])
  const turn = inTurns()
  for (let from = 0; from < asked.length; from += together) {
    for (const entity of await views.entities.rows(kind, at, asked.slice(from, from + together))) {
      const document = await documentOf(views, kind, entity, at, expression.facets)
      for (const finding of expression.judge(document)) {
        const { verdict, field, why } = finding
        yield {
          baseline,
          rule: rule.name,
          severity,
          verdict,
          entity: { kind, id: entity.id, name: entity.name },
          field,
          expected: expect,
          actual: valueAt(document, field),
          text: why ?? text,
          since: () => since(views, kind, entity, finding, at),
        }
      }
      await turn()
    }
  }
}

async function documentOf(
  views: ViewsReader,
  kind: Kind,
  { id, no }: Entity,
  at: Position,
  facets: readonly string[],
): Promise<JsonObject> {
  if (kind !== "target") return views.inventory.document(no, at, facets)
  return documentOfTarget(views, await recordsOfTarget(views, id, at), at, facets)
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
