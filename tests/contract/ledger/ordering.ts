/** One order for everybody: without gaps, appends whole, and nobody sees an event before the one in front of it. */
import type { RecordedEvent } from "#events/catalog.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { Follower } from "#tests/support/follower.js"
import { carried, changed, stream } from "#tests/support/sample-events.js"
import { expect, it } from "vitest"
import { type OpenEngine, everything, fresh } from "./fresh.js"

const perWriter = 1_000

/** Appends of 1 to 20 events until all are written, deciding again whenever somebody else was faster. @returns how often that was. */
async function write(ledger: Ledger, to: StreamName, writer: string): Promise<number> {
  let conflicts = 0
  for (let written = 0, batch = 0; written < perWriter; batch++) {
    const size = Math.min(1 + ((batch * 7) % 20), perWriter - written)
    const events = Array.from({ length: size }, (_, index) => changed([writer, batch, index, size]))
    const revision = await ledger.revisionOf(to)
    try {
      await ledger.append(to, revision, events, `${writer}/${batch}`)
      written += size
    } catch (error) {
      if (!(error instanceof FleetError) || error.code !== "RevisionConflict") throw error
      conflicts += 1
    }
  }
  return conflicts
}

/** Every append of `write` stands in one piece: its first event, then the others in their order. */
function expectAppendsWhole(events: readonly RecordedEvent[]): void {
  for (let start = 0; start < events.length;) {
    const [writer, batch, , size] = carried(events[start]) as [string, number, number, number]
    const append = events.slice(start, start + size).map(carried)
    expect(append).toStrictEqual(Array.from({ length: size }, (_, index) => [writer, batch, index, size]))
    start += size
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

export function ordering(open: OpenEngine): void {
  it("keeps two writers' appends to one stream whole and without gaps, each of which tries again on a conflict", async () => {
    const { ledger } = await fresh(open)
    const one = stream("target-1")
    const conflicts = await Promise.all([write(ledger, one, "red"), write(ledger, one, "blue")])
    expect(conflicts.reduce((sum, count) => sum + count)).toBeGreaterThan(0)
    const stored = await everything(ledger)
    expect(stored.map(({ position }) => position)).toStrictEqual(numbers(2 * perWriter))
    expect(stored.map(({ revision }) => revision)).toStrictEqual(numbers(2 * perWriter))
    expectAppendsWhole(stored)
    expect(await ledger.readStream(one, { limit: 2 * perWriter })).toStrictEqual(stored)
  })

  it("shows a follower every position once and none before the one in front of it, while two writers write", async () => {
    const { ledger } = await fresh(open)
    const follower = new Follower(ledger)
    const conflicts = await Promise.all([
      write(ledger, stream("target-1"), "red"),
      write(ledger, stream("target-2"), "blue"),
    ])
    expect(conflicts).toStrictEqual([0, 0])
    await follower.count(2 * perWriter)
    await follower.stop()
    expect(follower.events.map(({ position }) => position)).toStrictEqual(numbers(2 * perWriter))
    expectAppendsWhole(follower.events)
    expect(follower.events).toStrictEqual(await everything(ledger))
    for (const name of ["target-1", "target-2"]) {
      const revisions = follower.events.filter((event) => event.stream === name).map(({ revision }) => revision)
      expect(revisions).toStrictEqual(numbers(perWriter))
    }
  })

  it("records appends in the order in which they were asked for, without waiting for each other", async () => {
    const { ledger } = await fresh(open)
    const answers = await Promise.all(
      numbers(300).map((n) =>
        ledger.append(stream(`target-${n % 7}`), Math.floor(n / 7) - 1, [changed(n)], `run/${n}`),
      ),
    )
    expect(answers.map(({ position }) => position)).toStrictEqual(numbers(300))
    expect((await everything(ledger)).map(carried)).toStrictEqual(numbers(300))
  })

  it("answers appends in the order in which they were asked for", async () => {
    const { ledger } = await fresh(open)
    const answered: number[] = []
    await Promise.all(
      numbers(50).map(async (n) => {
        await ledger.append(stream(`target-${n}`), noStream, [changed(n)], "run")
        answered.push(n)
      }),
    )
    expect(answered).toStrictEqual(numbers(50))
  })
}
