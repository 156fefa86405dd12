/** Sections of what a query finds: the same text finds the same with `search`. */
import type { Condition } from "#projections/entities/condition.js"
import type { Entity } from "#projections/entities/read.js"
import type { Kind } from "#projections/inventory/read.js"
import { momentOf } from "#query/moments.js"
import { parseQuery } from "#query/parse.js"
import { understand } from "#query/understand.js"
import { targetUnder } from "#timeline/entity.js"
import type { Asked } from "./asked.js"
import { type Cell, type Section, section } from "./report.js"

const columns: Readonly<Record<Kind, readonly string[]>> = {
  target: ["machine", "role", "status", "health"],
  service: ["service", "machine", "runtime", "status"],
  stack: ["stack", "machine", "runtime"],
}

export type Question = readonly [title: string, kind: Kind, q: string]

/** In the order of their names. */
export async function found(asked: Asked, [title, kind, q]: Question): Promise<Section> {
  const { views } = asked.line
  const among = { kind, at: asked.point.position, condition: await conditionOf(asked, kind, q) }
  const page = await views.entities.page({ ...among, limit: asked.most + 1 })
  const total = page.length <= asked.most ? page.length : await views.entities.count(among)
  const rows = []
  for (const entity of page.slice(0, asked.most)) rows.push(await rowOf(asked, entity))
  return section(title, { query: { kind, q }, table: { columns: columns[kind], rows, total } })
}

export async function conditionOf({ line, point }: Asked, kind: Kind, q: string): Promise<Condition | undefined> {
  const resolve = (moment: string) => momentOf(line, point, moment)
  return (await understand(parseQuery(q), { kinds: [kind], point, resolve })).get(kind)
}

async function rowOf(asked: Asked, entity: Entity): Promise<Readonly<Record<string, Cell>>> {
  const { kind, id, name, role, status, health, runtime } = entity
  const ref = { kind, id, name }
  if (kind === "target") return { machine: ref, role, status, health }
  const machine = await machineOf(asked, id)
  return kind === "service" ? { service: ref, machine, runtime, status } : { stack: ref, machine, runtime }
}

/** What something runs on; null for a machine. */
export async function machineOf({ line: { views }, point: { position } }: Asked, id: string): Promise<Cell> {
  const record = await views.inventory.record(id)
  return record === undefined || record.kind === "target" ? null : targetUnder(views, record, position)
}
