/** Which checks there are: each that is configured, at each entity that it asks for. */
import type { CheckConfig } from "#config/checks.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import { type RecordId, checkId } from "#kernel/ids.js"
import type { Point } from "#kernel/point.js"
import type { Ops } from "#ops/ops.js"
import type { Condition } from "#projections/entities/condition.js"
import { momentOf } from "#query/moments.js"
import { parseQuery } from "#query/parse.js"
import { withSaved } from "#query/saved.js"
import { understand } from "#query/understand.js"
import type { Line } from "#timeline/resolve.js"

/** A check at its place. */
export interface Instance {
  readonly id: string
  readonly check: CheckConfig
  readonly about: { readonly kind: "target" | "service"; readonly id: RecordId } | null
}

export type Asking = Line & { readonly ops: Pick<Ops, "queries"> }

/** Entities that are read at once. */
const together = 1_000

/** @throws FleetError `InvalidConfig` for a query that is not understood */
export async function instancesOf(check: CheckConfig, line: Asking, point: Point): Promise<readonly Instance[]> {
  const condition = await conditionOf(check, line, point)
  if (condition === undefined) return [{ id: checkId(check.name, undefined), check, about: null }]
  const { entities } = line.views
  const kind = check.of
  const numbers = await entities.numbers({ kind, at: point.position, condition })
  const instances: Instance[] = []
  for (let from = 0; from < numbers.length; from += together) {
    const rows = await entities.rows(kind, point.position, numbers.slice(from, from + together))
    for (const { id } of rows) instances.push({ id: checkId(check.name, id), check, about: { kind, id } })
  }
  return instances
}

async function conditionOf(
  { name, where, of: kind }: CheckConfig,
  line: Asking,
  point: Point,
): Promise<Condition | undefined> {
  if (where === undefined) return undefined
  try {
    const saved = new Map((await line.ops.queries.all()).map((query): [string, string] => [query.name, query.q]))
    const resolve = (moment: string) => momentOf(line, point, moment)
    const query = withSaved(parseQuery(where), saved)
    return (await understand(query, { kinds: [kind], point, resolve })).get(kind)
  } catch (error) {
    if (!(error instanceof FleetError) || error.kind !== "input") throw error
    throw new FleetError("InvalidConfig", `the check "${name}" cannot ask where it is run: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
