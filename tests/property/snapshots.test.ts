/** A snapshot is a name for a point and nothing else: whatever happens before, in between and after. */
import type { Line } from "#timeline/resolve.js"
import { type Position, origin } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { Views } from "#projections/views.js"
import { deleteSnapshots, takeSnapshot } from "#snapshots/take.js"
import { resolvePoint } from "#timeline/resolve.js"
import { findSnapshot } from "#timeline/snapshot.js"
import { often } from "#tests/support/often.js"
import { anyHistory, kinds } from "#tests/support/random-history.js"
import { refusalOf } from "#tests/support/refusal.js"
import { TestClock } from "#tests/support/test-clock.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const metadata = { actor: "user:ada" }
const names = ["a", "b"] as const

/** After the so-manieth append, one is taken (back so many positions), or deleted. */
const anyActs = fc.array(
  fc.record({
    after: fc.nat(11),
    name: fc.constantFrom(...names),
    act: fc.constantFrom("take" as const, "delete" as const),
    back: fc.nat(4),
  }),
  { minLength: 1, maxLength: 6 },
)

/** All that the inventory tells at a position. */
async function inventoryAt({ inventory, entities }: Views, at: Position): Promise<object> {
  const records = []
  for (const kind of kinds) {
    for (const record of await entities.page({ kind, at, limit: 100, includeRetired: true })) {
      records.push({ ...record, document: await inventory.document(record.no, at) })
    }
  }
  return { records, counts: await entities.totals(at) }
}

describe("a snapshot", () => {
  it("is always what its position is, changes nothing, and leaves it all when it is deleted", async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, anyActs, async (history, acts) => {
        const clock = new TestClock()
        const ledger = openSqliteLedger(":memory:", clock)
        const views = new Views(":memory:")
        try {
          const reached = async () => {
            await views.handle(await ledger.readAll({ after: views.checkpoint(), limit: 1_000 }))
          }
          const line: Line = { ledger, clock, views, reached }
          /** What each name stands for, and what there was then. */
          const standing = new Map<string, { position: Position; inventory: object }>()
          const told: { position: Position; inventory: object }[] = []
          for (const [index, { stream, events }] of history.entries()) {
            await ledger.append(stream, await ledger.revisionOf(stream), events, `append ${index}`)
            clock.advance(1_000)
            for (const { name, act, back } of acts.filter(({ after }) => after === index)) {
              const { position: head } = await ledger.head()
              const position = Math.max(head - back, 0) as Position
              await reached()
              const before = await inventoryAt(views, head)
              if (act === "delete") {
                const deleting = () =>
                  deleteSnapshots(line, async (known) => [await findSnapshot(views, name, known)], metadata)
                if (standing.delete(name)) await deleting()
                else expect(await refusalOf(deleting)).toMatchObject({ code: "NotFound" })
              } else {
                const point = await resolvePoint(line, `position:${position}`)
                const taking = () => takeSnapshot(line, { name, type: "manual", point }, metadata)
                if (standing.has(name)) expect(await refusalOf(taking)).toMatchObject({ code: "InvalidInput" })
                else {
                  expect(await taking()).toBe(head + 1)
                  const stands = { position, inventory: await inventoryAt(views, position) }
                  standing.set(name, stands)
                  told.push(stands)
                }
              }
              await reached()
              expect(await inventoryAt(views, (await ledger.head()).position)).toStrictEqual(before)
            }
          }
          await reached()
          for (const { position, inventory } of told) {
            expect(await inventoryAt(views, position)).toStrictEqual(inventory)
          }
          for (const name of names) {
            const stands = standing.get(name)
            if (stands === undefined) {
              expect(await refusalOf(() => resolvePoint(line, `snapshot:${name}`))).toMatchObject({
                code: "InvalidPoint",
              })
            } else {
              const point = await resolvePoint(line, `snapshot:${name}`)
              expect(point).toStrictEqual(await resolvePoint(line, `position:${stands.position}`))
            }
          }
          const again = new Views(":memory:")
          await again.handle(await ledger.readAll({ after: origin, limit: 1_000 }))
          expect(again.digest()).toBe(views.digest())
          again.close()
        } finally {
          views.close()
          await ledger.close()
        }
      }),
      { numRuns: often(6) },
    )
  })
})
