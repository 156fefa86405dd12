/**
 * An inventory that is imported is a source that is looked at once: the same pipeline decides what is new, so importing the same again writes nothing. It is
 * somebody's word and no look: when they say that it is all there is, what it leaves out is gone at once.
 */
import { importSource } from "#discovery/imported.js"
import type { Look, Source } from "#discovery/observation.js"
import type { Clock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { ViewsReader } from "#projections/views.js"
import { readInventory, wrong } from "./read.js"

export interface Importing {
  /** What the imports that belong together are called. */
  readonly name: string
  /** Whether it is all there is. */
  readonly complete: boolean
}

export interface ImportPorts {
  readonly views: ViewsReader
  readonly clock: Clock
}

/** @throws FleetError `InvalidInput` naming the entity and the path; nothing has been recorded then */
export async function inventorySource(
  body: AsyncIterable<Uint8Array>,
  { name, complete }: Importing,
  { views, clock }: ImportPorts,
): Promise<Source> {
  const source = importSource(name)
  const before = await views.inventory.recordsOf(source)
  const machines = new Map(before.flatMap(({ kind, id, nativeKey }) => (kind === "target" ? [[id, nativeKey]] : [])))
  const { observations, q } = await readInventory(body, new Set(machines.values()))
  if (complete && q !== null)
    throw new FleetError(
      "InvalidInput",
      `it was exported with the filter "${q.slice(0, 120)}", so it is not all there is`,
    )
  const machineOf = new Map(
    before.map(({ kind, nativeKey, targetId }) => [`${kind} ${nativeKey}`, machines.get(targetId)]),
  )
  for (const observation of observations) {
    const { kind, nativeKey, on } = observation
    const was = machineOf.get(`${kind} ${nativeKey}`)
    if (on !== undefined && was !== undefined && was !== on)
      throw wrong(
        observation,
        "/on",
        "it was on another machine before, and what is on another is another: give it another id",
      )
  }
  const looked: Look["coverage"]["looked"] = {}
  for (const { facets } of observations) for (const facet of Object.keys(facets)) looked[facet] = true
  const look: Look = {
    observedAt: clock.now(),
    observations,
    coverage: {
      rights: "read",
      looked,
      notLooked: {},
      complete: { target: complete, service: complete, stack: complete },
    },
    stated: true,
  }
  return { name: source, kind: "import", tellsApart: true, look: async () => look }
}
