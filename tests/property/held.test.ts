/** What held of a record at a position, of records that hardly ever changed and of those that did so all the time: as by asking of each row whether it held. */
import Database from "better-sqlite3"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { heldUnits } from "#projections/inventory/held.js"
import { inventoryTables } from "#projections/inventory/tables.js"

/** A path by its lengths: how long each of its values held, and how long there was none behind it. The last one holds still, unless it is said not to. */
interface Life {
  readonly begin: number
  readonly steps: readonly (readonly [held: number, gone: number])[]
  readonly holdsStill: boolean
}

const anyLife: fc.Arbitrary<Life> = fc.record({
  begin: fc.nat(50),
  steps: fc.oneof(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, 0, 0, 3)), { maxLength: 3 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.constantFrom(0, 0, 0, 3)), { minLength: 200, maxLength: 300 }),
  ),
  holdsStill: fc.boolean(),
})

/** Two records of three facets with a few paths each. */
const anyLives = fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }), anyLife), {
  maxLength: 9,
})

interface Row {
  readonly record: number
  readonly facet: number
  readonly path: number
  readonly since: number
  readonly until: number | null
}

function rowsOf(lives: readonly (readonly [number, number, Life])[]): Row[] {
  return lives.flatMap(([record, facet, { begin, steps, holdsStill }], index) => {
    const [path, rows] = [10 + index, [] as Row[]]
    let since = begin
    for (const [held, gone] of steps) {
      rows.push({ record, facet, path, since, until: since + held })
      since += held + gone
    }
    return holdsStill ? [...rows, { record, facet, path, since, until: null }] : rows
  })
}

it("is what began by then and had not ended, however much there is", () => {
  fc.assert(
    fc.property(anyLives, fc.array(fc.nat(700), { minLength: 1, maxLength: 8 }), (lives, positions) => {
      const [db, rows] = [new Database(":memory:"), rowsOf(lives)]
      db.exec(inventoryTables)
      for (const { record, facet, path, since, until } of rows) {
        if (until === null) db.prepare("INSERT INTO units VALUES (?, ?, ?, ?, '1')").run(record, facet, path, since)
        else db.prepare("INSERT INTO past_units VALUES (?, ?, ?, ?, ?, '1')").run(record, facet, path, since, until)
      }
      const columns = "path_no AS path, since"
      const whole = db.prepare<object, { path: number; since: number }>(heldUnits(columns, "record"))
      const part = db.prepare<object, { path: number; since: number }>(heldUnits(columns, "facet"))
      for (const at of positions) {
        for (const record of [1, 2]) {
          const held = (facets: readonly number[]) =>
            rows
              .filter((row) => row.record === record && facets.includes(row.facet))
              .filter(({ since, until }) => since <= at && (until === null || until > at))
              .map(({ path, since }) => ({ path, since }))
              .toSorted((a, b) => a.path - b.path)
          const found = (units: { path: number; since: number }[]) => units.toSorted((a, b) => a.path - b.path)
          expect(found(whole.all({ record, at }))).toStrictEqual(held([1, 2, 3]))
          for (const facet of [1, 2, 3]) expect(found(part.all({ record, at, facet }))).toStrictEqual(held([facet]))
        }
      }
      db.close()
    }),
    { numRuns: 60 },
  )
})
