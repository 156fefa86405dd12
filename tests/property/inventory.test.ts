/** Export at a point, import into an empty ledger, export again: the same inventory, but for what only the first ledger can know. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { openFleet } from "#fleet.js"
import { instant } from "#kernel/clock.js"
import type { JsonObject } from "#kernel/json.js"
import { type Position, origin } from "#kernel/point.js"
import { jsonDocument } from "#inventory/json.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { Views } from "#projections/views.js"
import { configIn } from "#tests/support/folder-fleet.js"
import { exported, imported } from "#tests/support/inventories.js"
import { often } from "#tests/support/often.js"
import { type History, anyHistory, appendHistory } from "#tests/support/random-history.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"

interface Told {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly on?: string
  readonly resources?: JsonObject
  readonly facets: JsonObject
}

/** What is the same in every ledger: not ids, sources, lifecycles and that something flaps; and of a facet without fields nothing is known. */
function essence(entities: readonly Told[]): string[] {
  const names = new Map(entities.map(({ id, name }) => [id, name]))
  const told = entities.map(({ kind, name, on, resources, facets }) => ({
    kind,
    name,
    on: on === undefined ? null : names.get(on),
    resources: sorted(resources ?? {}),
    facets: sorted(Object.fromEntries(Object.entries(facets).filter(([facet, value]) => isKnown(facet, value)))),
  }))
  return told.map((entity) => JSON.stringify(entity)).toSorted()
}

function isKnown(facet: string, value: unknown): boolean {
  return ["sockets", "packages", "certificates"].includes(facet) || Object.keys(value as object).length > 0
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  return Object.entries(value)
    .map(([key, member]) => [key, sorted(member)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** The inventory of a history at a point. What is left behind by a machine that is gone has nowhere to be. */
async function inventoryOf(history: History, point: number): Promise<readonly Told[]> {
  const [ledger, views] = [openSqliteLedger(":memory:"), new Views(":memory:")]
  try {
    const events = await appendHistory(ledger, history)
    await views.handle(events)
    const at = ((point % (events.length + 1)) + origin) as Position
    const asked = { views, at, conditions: new Map(), signal: new AbortController().signal }
    let text = ""
    for await (const piece of jsonDocument(asked, { position: at, time: instant(0) }, null)) text += piece
    const { entities } = JSON.parse(text) as { readonly entities: readonly Told[] }
    const ids = new Set(entities.map(({ id }) => id))
    return entities.filter(({ on }) => on === undefined || ids.has(on))
  } finally {
    views.close()
    await ledger.close()
  }
}

it("round-trips through an empty ledger, and importing it again writes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(anyHistory, fc.nat(), async (history, point) => {
      const first = await inventoryOf(history, point)
      const fleet = await openFleet(configIn(await tempFolder()), new TestClock())
      try {
        const text = JSON.stringify({ entities: first })
        await imported(fleet, text)
        expect((await imported(fleet, text)).changes).toBe(0)
        const second = JSON.parse(await exported(fleet)) as { readonly entities: readonly Told[] }
        expect(essence(second.entities)).toEqual(essence(first))
      } finally {
        await fleet.close()
      }
    }),
    { numRuns: often(4) },
  )
})
