/** Rules of one's own: an event of some types about what a query finds is trouble, until another says that it is over. */
import type { OwnRule } from "#config/alerts.js"
import type { PlaceOf } from "#config/load.js"
import { type EventType, type RecordedEvent, catalog } from "#events/catalog.js"
import { conditionsOf } from "#drift/where.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import { type Kind, type RecordRow, kinds } from "#projections/inventory/read.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import type { ViewsReader } from "#projections/views.js"
import { targetOf } from "#timeline/entity.js"
import { aboutRecord } from "../machines.js"
import { type Rule, type Verdict, titled } from "../rule.js"

export function ownRule(rule: OwnRule): Rule {
  const on: readonly EventType[] = rule.on
  const ends: readonly EventType[] = rule.resolve?.on ?? rule.on
  return {
    name: rule.name,
    types: [...new Set([...on, ...ends])],
    ...(rule.for !== undefined && { forMs: rule.for }),
    async judge(event, { views }) {
      const record = await recordIn(event, views)
      if (record === undefined) return []
      const about = await aboutRecord(views, record, event.position)
      if (on.includes(event.type) && (await isSo(rule.where, on, record, event, views))) {
        const title = titled(rule.title?.replaceAll("{name}", about.name) ?? `${rule.name}: ${about.name}`)
        return [{ is: "wrong", about, severity: rule.severity, title }]
      }
      return (await ended(rule, record, event, views)) ? [{ is: "right", about } satisfies Verdict] : []
    },
  }
}

async function ended(rule: OwnRule, record: RecordRow, event: RecordedEvent, views: ViewsReader): Promise<boolean> {
  // What is asked for is not so any more.
  if (rule.resolve === undefined) return rule.where !== undefined
  const on = rule.resolve.on ?? rule.on
  return on.includes(event.type) && (await isSo(rule.resolve.where, on, record, event, views))
}

/** Of a machine its oldest record. */
async function recordIn({ stream, position }: RecordedEvent, views: ViewsReader): Promise<RecordRow | undefined> {
  const { kind, id } = recordOf(stream)
  const record = ["target", "service", "stack"].includes(kind) ? await views.inventory.record(id) : undefined
  return record && targetOf(views, record, position)
}

async function isSo(
  where: string | undefined,
  on: readonly EventType[],
  { kind, no }: RecordRow,
  event: RecordedEvent,
  views: ViewsReader,
): Promise<boolean> {
  if (where === undefined) return true
  const conditions = await conditionsOf(where, kindsOf(on))
  return (await views.entities.among(kind, event.position, conditions.get(kind), [no])).length > 0
}

/** What events of these types alter: a query means that, so its fields are of those kinds. */
function kindsOf(types: readonly EventType[]): readonly Kind[] {
  const altered = kinds.filter((kind) => types.some((type) => catalog[type].family === kind))
  return altered.length > 0 ? altered : kinds
}

interface WrongQuery {
  readonly key: "where" | "resolve.where"
  /** Character of it, from 1. */
  readonly column: number
  readonly message: string
}

/** The first query that is not understood. */
export async function wrongQuery({ on, where, resolve }: OwnRule): Promise<WrongQuery | undefined> {
  for (const [key, text, types] of [
    ["where", where, on],
    ["resolve.where", resolve?.where, resolve?.on ?? on],
  ] as const) {
    try {
      await conditionsOf(text, kindsOf(types))
    } catch (error) {
      if (!(error instanceof FleetError) || error.kind !== "input") throw error
      const { from } = error.details
      return { key, column: typeof from === "number" ? from + 1 : 1, message: messageOf(error) }
    }
  }
  return undefined
}

/** @throws FleetError `InvalidConfig` for a query that is not understood */
export async function understood(rules: readonly OwnRule[], placeOf: PlaceOf): Promise<void> {
  for (const [index, rule] of rules.entries()) {
    const wrong = await wrongQuery(rule)
    if (wrong === undefined) continue
    const place = placeOf(["alerts", "rules", index, ...wrong.key.split(".")])
    const message = `${place}: "${wrong.key}" of the rule "${rule.name}" of alerts: ${wrong.message}`
    throw new FleetError("InvalidConfig", message)
  }
}
