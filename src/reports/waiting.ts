/** What services of one stack on one machine wait for, as of a point. */
import type { ServiceDocument } from "#events/facets/service.js"
import type { RecordId } from "#kernel/ids.js"
import type { EntityRef } from "#timeline/entity.js"
import { inTurns } from "#timeline/turns.js"
import type { Asked } from "./asked.js"
import { conditionOf } from "./found.js"

export interface Service {
  readonly entity: EntityRef
  readonly status: string | null
  /** By the names that they have in the stack. */
  readonly waitsFor: readonly string[]
}

/** A stack on one machine: its services by the names that they have there, of which several may run. */
export interface Stack {
  readonly name: string
  readonly targetId: RecordId
  readonly services: ReadonlyMap<string, readonly Service[]>
}

/** Services that are read with one statement. */
const together = 500

export async function stacksAt(asked: Asked): Promise<readonly Stack[]> {
  const { views } = asked.line
  const at = asked.point.position
  const stacks = new Map<string, Stack & { readonly services: Map<string, Service[]> }>()
  const turn = inTurns()
  const nos = await views.entities.numbers({
    kind: "service",
    at,
    condition: await conditionOf(asked, "service", "stack:*"),
  })
  for (let from = 0; from < nos.length; from += together) {
    asked.signal.throwIfAborted()
    for (const { no, kind, id, name, status } of await views.entities.rows(
      "service",
      at,
      nos.slice(from, from + together),
    )) {
      const record = await views.inventory.recordByNo(no)
      const { config } = (await views.inventory.document(no, at, ["config"])) as Partial<ServiceDocument>
      const { stack, stackService, dependsOn } = config ?? {}
      if (record === undefined || !stack || !stackService) continue
      const key = `${record.targetId} ${stack}`
      const known = stacks.get(key) ?? {
        name: stack,
        targetId: record.targetId,
        services: new Map<string, Service[]>(),
      }
      stacks.set(key, known)
      const waitsFor = Object.keys(dependsOn ?? {}).map((one) => one.slice("service:".length))
      const service = { entity: { kind, id, name }, status, waitsFor }
      known.services.set(stackService, [...(known.services.get(stackService) ?? []), service])
      await turn()
    }
  }
  return [...stacks.values()]
}
