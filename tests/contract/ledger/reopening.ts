/** What was acknowledged is there when the ledger is opened again, and goes on where it was. */
import { noStream } from "#ledger/port.js"
import { Follower } from "#tests/support/follower.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changed, changes, stream } from "#tests/support/sample-events.js"
import { expect, it } from "vitest"
import { type OpenEngine, everything, fresh } from "./fresh.js"

const one = stream("target-1")
const two = stream("target-2")

export function reopening(open: OpenEngine): void {
  it("keeps everything", async () => {
    const { ledger, clock, reopen } = await fresh(open)
    await ledger.append(one, noStream, changes(1_001), "a")
    clock.advance(5)
    await ledger.append(two, noStream, [changed("ü 🛰️")], "b")
    const before = [await everything(ledger), await ledger.head(), await ledger.positionAt(clock.now())]
    const again = await reopen()
    expect([await everything(again), await again.head(), await again.positionAt(clock.now())]).toStrictEqual(before)
    expect([await again.revisionOf(one), await again.revisionOf(two)]).toStrictEqual([1_000, 0])
  })

  it("goes on at the next position and revision", async () => {
    const { ledger, reopen } = await fresh(open)
    await ledger.append(one, noStream, changes(3), "a")
    const again = await reopen()
    expect(await again.append(one, 2, changes(1), "b")).toStrictEqual({ revision: 3, position: 3 })
    expect(await again.append(two, noStream, changes(1), "b")).toStrictEqual({ revision: 0, position: 4 })
  })

  it("writes what was asked for before it was closed", async () => {
    const { ledger, reopen } = await fresh(open)
    const asked = [1, 2, 3].map((n) => ledger.append(stream(`target-${n}`), noStream, changes(2), "run"))
    const again = await reopen()
    expect((await Promise.all(asked)).map(({ position }) => position)).toStrictEqual([1, 3, 5])
    expect(await everything(again)).toHaveLength(6)
  })

  it("is of no use once closed, says so, and may be closed again", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(1), "a")
    await ledger.close()
    await ledger.close()
    expect((await refusalOf(() => ledger.append(one, 0, changes(1), "b"))).code).toBe("StoreUnavailable")
    expect((await refusalOf(() => everything(ledger))).code).toBe("StoreUnavailable")
    expect((await refusalOf(() => ledger.head())).code).toBe("StoreUnavailable")
  })

  it("leaves no follower waiting when it is closed", async () => {
    const { ledger } = await fresh(open)
    const follower = new Follower(ledger)
    await ledger.append(one, noStream, changes(1), "a")
    await follower.count(1)
    await ledger.close()
    const [ending] = await Promise.allSettled([follower.ended])
    expect(ending.status === "fulfilled" || ending.reason.code === "StoreUnavailable").toBe(true)
  })
}
