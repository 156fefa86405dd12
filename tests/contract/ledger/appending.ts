/** At exactly the expected revision, all or nothing, and there as soon as it is acknowledged. */
import { catalog, eventTypes } from "#events/catalog.js"
import { eventId } from "#kernel/ids.js"
import { origin } from "#kernel/point.js"
import { maxBatch, noStream } from "#ledger/port.js"
import { carried, changed, changes, metadata, observedAt, sample, stream } from "#tests/support/sample-events.js"
import { time } from "#tests/support/test-clock.js"
import { expect, it } from "vitest"
import { type OpenEngine, everything, fresh, refused } from "./fresh.js"

const one = stream("target-1")

export function appending(open: OpenEngine): void {
  it("starts a stream at no stream and goes on at the revision it answered", async () => {
    const { ledger } = await fresh(open)
    const first = await ledger.append(one, noStream, changes(2), "first")
    expect(first).toStrictEqual({ revision: 1, position: 1 })
    const second = await ledger.append(one, first.revision, changes(3), "second")
    expect(second).toStrictEqual({ revision: 4, position: 4 })
  })

  it("tells apart streams whose names end alike", async () => {
    const { ledger } = await fresh(open)
    const names = ["target-1-000000000001", "target-000000000001", "target-00000001"].map(stream)
    for (const [i, name] of names.entries()) await ledger.append(name, noStream, changes(i + 1), name)
    expect(await Promise.all(names.map((name) => ledger.revisionOf(name)))).toStrictEqual([0, 1, 2])
    for (const name of names) expect(await ledger.readStream(name, { limit: 1 })).toMatchObject([{ stream: name }])
  })

  it.each([0, 1, 7])(
    "refuses revision %i of a stream that does not exist, and says that there is none",
    async (expected) => {
      const { ledger } = await fresh(open)
      await ledger.append(stream("target-other"), noStream, changes(9), "other")
      const error = await refused(ledger, () => ledger.append(one, expected, changes(1), "late"))
      expect(error).toMatchObject({ code: "RevisionConflict", kind: "conflict", retryable: false })
      expect(error.details).toStrictEqual({ stream: one, expected, actual: noStream })
      expect(error.message).toContain(`target-1 is at no stream, not at revision ${expected}`)
    },
  )

  it.each([
    ["no stream", noStream],
    ["its first revision", 0],
    ["the revision before", 1],
    ["the revision after", 3],
    ["a revision far ahead", 3_000],
  ])("refuses %s of a stream at revision 2, and says where it is", async (_, expected) => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(3), "first")
    const error = await refused(ledger, () => ledger.append(one, expected, changes(1), "late"))
    expect(error.code).toBe("RevisionConflict")
    expect(error.details).toStrictEqual({ stream: one, expected, actual: 2 })
    expect(error.message).toContain("target-1 is at revision 2, not at ")
  })

  it("lets exactly one of two commands have a revision", async () => {
    const { ledger } = await fresh(open)
    const outcomes = await Promise.allSettled(
      ["red", "blue"].map((command) => ledger.append(one, noStream, [changed(command)], command)),
    )
    expect(outcomes.map(({ status }) => status).sort()).toStrictEqual(["fulfilled", "rejected"])
    const loser = outcomes.findIndex(({ status }) => status === "rejected")
    expect(outcomes[loser]).toMatchObject({ reason: { code: "RevisionConflict", details: { actual: 0 } } })
    expect((await everything(ledger)).map(carried)).toStrictEqual([loser === 0 ? "blue" : "red"])
  })

  it.each([1, 2, 1_001, maxBatch])("takes %i events at once, in order", async (count) => {
    const { ledger } = await fresh(open)
    const events = changes(count)
    expect(await ledger.append(one, noStream, events, "batch")).toStrictEqual({
      revision: count - 1,
      position: count - 1,
    })
    const stored = await everything(ledger)
    expect(stored.map(carried)).toStrictEqual(events.map((_, index) => `change/${index}`))
    expect(stored.map(({ revision }) => revision)).toStrictEqual(events.map((_, index) => index))
    expect(stored.map(({ position }) => position)).toStrictEqual(events.map((_, index) => index))
  })

  it("takes an append of nothing where it is expected, and answers with the head", async () => {
    const { ledger } = await fresh(open)
    expect(await ledger.append(one, noStream, [], "none")).toStrictEqual({ revision: noStream, position: origin })
    await ledger.append(stream("target-2"), noStream, changes(3), "some")
    expect(await ledger.append(one, noStream, [], "none")).toStrictEqual({ revision: noStream, position: 2 })
    expect(await ledger.append(stream("target-2"), 2, [], "none")).toStrictEqual({ revision: 2, position: 2 })
    expect(await ledger.revisionOf(one)).toBe(noStream)
    const error = await refused(ledger, () => ledger.append(one, 0, [], "none"))
    expect(error).toMatchObject({ code: "RevisionConflict", details: { actual: noStream } })
  })

  it("counts each stream's revisions from 0, whatever its name resembles", async () => {
    const { ledger } = await fresh(open)
    const names = ["target-a", "target-A", "target-a.b", "target-a_b", "target-a-b", "target-aa"].map(stream)
    for (const name of names) await ledger.append(name, noStream, [changed(name), changed(name)], "twice")
    for (const name of names) {
      expect(await ledger.revisionOf(name)).toBe(1)
      const stored = await ledger.readStream(name, { limit: 10 })
      expect(stored.map((event) => [event.stream, event.revision, carried(event)])).toStrictEqual([
        [name, 0, name],
        [name, 1, name],
      ])
    }
  })

  it("records the whole envelope", async () => {
    const { ledger, clock } = await fresh(open)
    const told = {
      actor: "user:ada",
      source: "here",
      runId: "0b9d5c2e-6a0f-4a3b-9a55-3d3d2f6f4c01",
      correlationId: "c",
      causationId: "d",
      reason: "because",
      ticket: "OPS-1",
    }
    const occurredAt = time("2026-11-23T13:58:00.000Z")
    await ledger.append(one, noStream, [changed(1, { metadata: told, occurredAt }), changed(2)], "run/7")
    const shared = { stream: one, type: "TargetChanged", schemaVersion: 1, observedAt, recordedAt: clock.now() }
    const ids = [0, 1].map((index) => eventId(one, noStream, "run/7", index))
    expect(await everything(ledger)).toStrictEqual([
      { ...shared, position: 0, revision: 0, id: ids[0], metadata: told, occurredAt, data: changed(1).data },
      { ...shared, position: 1, revision: 1, id: ids[1], metadata, data: changed(2).data },
    ])
  })

  it("takes an event of every type there is", async () => {
    const { ledger } = await fresh(open)
    for (const type of eventTypes) {
      const { family } = catalog[type]
      const name = ["policy", "ledger"].includes(family) ? family : `${family}-1`
      await ledger.append(stream(name), await ledger.revisionOf(stream(name)), [sample(type)], type)
    }
    const stored = await everything(ledger)
    expect(stored.map(({ type, data }) => ({ type, data }))).toStrictEqual(
      eventTypes.map((type) => ({ type, data: sample(type).data })),
    )
  })

  it("shows an acknowledged append to whoever reads next", async () => {
    const { ledger } = await fresh(open)
    for (let revision = noStream; revision < 20; revision++) {
      const { position } = await ledger.append(one, revision, [changed(revision)], "step")
      const [all, ofStream, point, at] = await Promise.all([
        ledger.readAll({ after: origin, limit: 100 }),
        ledger.readStream(one, { limit: 100 }),
        ledger.head(),
        ledger.revisionOf(one),
      ])
      expect([all.at(-1)?.position, ofStream.at(-1)?.position, point.position]).toStrictEqual(Array(3).fill(position))
      expect(at).toBe(revision + 1)
    }
  })

  it("takes events as they are at the call, whatever becomes of the objects", async () => {
    const { ledger } = await fresh(open)
    const value = { state: "as called" }
    const events = [changed(value)]
    const appended = ledger.append(one, noStream, events, "call")
    value.state = "changed afterwards"
    events.push(changed("added afterwards"))
    expect(await appended).toStrictEqual({ revision: 0, position: 0 })
    expect((await everything(ledger)).map(carried)).toStrictEqual([{ state: "as called" }])
  })
}
