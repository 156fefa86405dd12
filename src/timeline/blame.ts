/**
 * Of each field of an entity: what it is at a point, since which event, and what is known of that. A field is a unit: a scalar, or an item of a collection as a whole. Of a
 * machine of several records a field is that of the record which its value is from.
 */
import { type Json, isObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import { merged } from "#projections/inventory/merge.js"
import type { HeldUnit, RecordRow } from "#projections/inventory/read.js"
import { documentOf, unitsOf } from "#projections/inventory/units.js"
import type { ViewsReader } from "#projections/views.js"

export interface BlamedField {
  readonly path: string
  readonly value: Json
  /** Of the event that wrote it last. */
  readonly position: Position
  readonly record: RecordRow
}

interface Account {
  readonly record: RecordRow
  readonly units: ReadonlyMap<string, HeldUnit>
}

/**
 * @param records of one entity, in the order of their precedence
 * @param under only this field, or what is beneath it: a path
 * @returns in the order of their paths; of objects only those with nothing in them
 */
export async function blame(
  views: ViewsReader,
  records: readonly RecordRow[],
  at: Position,
  under?: string,
): Promise<BlamedField[]> {
  const facet = under?.split("/")[1]
  const accounts: Account[] = []
  const documents = []
  for (const record of records) {
    const units = await views.inventory.unitsOf(record.no, at, facet)
    // Merging goes by which is the oldest, too.
    const link = facet === undefined ? [] : await views.inventory.unitsOf(record.no, at, "link")
    const all = [...units, ...link]
    accounts.push({ record, units: new Map(all.map((unit) => [unit.path, unit])) })
    documents.push(documentOf(all))
  }
  const paths = unitsOf("", merged(documents)).filter(({ path }) => path !== "")
  const holders = new Set(paths.map(({ path }) => path.slice(0, path.lastIndexOf("/"))))
  return paths
    .filter(({ path }) => !holders.has(path) && (under === undefined || path === under || path.startsWith(`${under}/`)))
    .flatMap(({ path, value }) => {
      const { record, units } = accountOf(path, value, accounts) ?? {}
      const unit = units?.get(path)
      return record === undefined || unit === undefined ? [] : { path, value, position: unit.since, record }
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The account that a field of the whole is from: the first that says so, as merging takes the first; a person's word is taken from the oldest record first. */
function accountOf(path: string, value: Json, accounts: readonly Account[]): Account | undefined {
  const saying = accounts.filter(({ units }) => equal(units.get(path)?.value, value))
  if (!path.startsWith("/assigned/")) return saying[0]
  const isByHand = ({ units }: Account) => {
    const said = path.startsWith("/assigned/tags/") ? value : { by: units.get("/assigned/roleBy")?.value ?? null }
    return said === null || (isObject(said) && said["by"] === "hand")
  }
  const byHand = saying.filter(isByHand)
  return byHand.find(({ units }) => !units.has("/link")) ?? byHand[0] ?? saying[0]
}

function equal(a: Json | undefined, b: Json): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
