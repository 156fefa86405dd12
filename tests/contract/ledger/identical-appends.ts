/** Ids are derived, so an append that is sent again is known: the same answer, one copy; and nothing may pass for it. */
import type { NewEvent } from "#events/catalog.js"
import { noStream } from "#ledger/port.js"
import { carried, changed, changes, metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { describe, expect, it } from "vitest"
import { type OpenEngine, everything, fresh, refused } from "./fresh.js"

const one = stream("target-1")
const two = stream("target-2")

export function identicalAppends(open: OpenEngine): void {
  it("answers the identical append as it did the first time, and keeps one copy", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(two, noStream, changes(2), "before")
    const first = await ledger.append(one, noStream, changes(3), "run")
    expect(first).toStrictEqual({ revision: 2, position: 4 })
    expect(await ledger.append(one, noStream, changes(3), "run")).toStrictEqual(first)
    expect(await everything(ledger)).toHaveLength(5)
  })

  it("still does when both streams have gone on, and after it was opened again", async () => {
    const { ledger, reopen } = await fresh(open)
    await ledger.append(one, noStream, changes(1), "start")
    const first = await ledger.append(one, 0, changes(3), "run")
    await ledger.append(one, first.revision, changes(2), "later")
    await ledger.append(two, noStream, changes(2), "elsewhere")
    expect(await ledger.append(one, 0, changes(3), "run")).toStrictEqual(first)
    const again = await reopen()
    expect(await again.append(one, 0, changes(3), "run")).toStrictEqual(first)
    expect(await everything(again)).toHaveLength(8)
  })

  it("keeps one copy of two identical appends that are under way at once", async () => {
    const { ledger } = await fresh(open)
    const answers = await Promise.all([1, 2].map(() => ledger.append(one, noStream, changes(3), "run")))
    expect(answers).toStrictEqual([1, 2].map(() => ({ revision: 2, position: 2 })))
    expect(await everything(ledger)).toHaveLength(3)
  })

  it("does not mind in which order members are written", async () => {
    const { ledger } = await fresh(open)
    const first = await ledger.append(one, noStream, [changed({ a: 1, b: [{ c: 2, d: 3 }] })], "run")
    expect(await ledger.append(one, noStream, [changed({ b: [{ d: 3, c: 2 }], a: 1 })], "run")).toStrictEqual(first)
  })

  it("takes the same command at a newer revision for another event", async () => {
    const { ledger } = await fresh(open)
    const { revision } = await ledger.append(one, noStream, [changed("same")], "run")
    expect(await ledger.append(one, revision, [changed("same")], "run")).toStrictEqual({ revision: 1, position: 1 })
    const [first, second] = await everything(ledger)
    expect([carried(first), carried(second)]).toStrictEqual(["same", "same"])
    expect(first?.id).not.toBe(second?.id)
  })

  it("takes the same command on another stream for another event", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(1), "run")
    expect(await ledger.append(two, noStream, changes(1), "run")).toStrictEqual({ revision: 0, position: 1 })
    expect(new Set((await everything(ledger)).map(({ id }) => id)).size).toBe(2)
  })

  describe("refuses a command that comes again with", () => {
    const told = { metadata, observedAt }
    const a = changed(0)
    const b = { ...told, type: "TargetUnseen", data: {} } as const
    const c = { ...told, type: "TargetReappeared", data: { from: "unseen" } } as const
    const first = [a, b, c]
    const others: Record<string, readonly NewEvent[]> = {
      "more events": [a, b, c, changed(3)],
      "fewer events": [a, b],
      "one of its events": [a],
      "its events in another order": [c, b, a],
      "another first payload": [changed(1), b, c],
      "another last payload": [a, b, { ...c, data: { from: "retired" } }],
      "another type": [a, b, { ...told, type: "TargetRetired", data: { from: "unseen" } }],
    }
    it.each(Object.entries(others))("%s", async (_, events) => {
      const { ledger } = await fresh(open)
      await ledger.append(one, noStream, first, "run")
      const again = () => refused(ledger, () => ledger.append(one, noStream, events, "run"))
      const reused = {
        code: "EventIdReused",
        details: { stream: one, expected: noStream },
        message: "target-1 already holds this command's events with other content",
      }
      expect(await again()).toMatchObject(reused)
      await ledger.append(one, 2, changes(5), "later")
      expect(await again()).toMatchObject(reused)
    })
  })

  it("takes another command with the same content for a conflict, not for the same append", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(3), "run")
    const error = await refused(ledger, () => ledger.append(one, noStream, changes(3), "another run"))
    expect(error).toMatchObject({ code: "RevisionConflict", details: { actual: 2 } })
  })

  it("finds an append again whose events another command followed at once", async () => {
    const { ledger } = await fresh(open)
    const [first, , again] = await Promise.all([
      ledger.append(one, noStream, changes(2), "run"),
      ledger.append(one, 1, changes(2, "next"), "next"),
      ledger.append(one, noStream, changes(2), "run"),
    ])
    expect(again).toStrictEqual(first)
    expect((await everything(ledger)).map(carried)).toStrictEqual(["change/0", "change/1", "next/0", "next/1"])
  })
}
