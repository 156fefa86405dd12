/** A subscription: first what is there, then what comes, without loss or repetition, until it is aborted. */
import { origin, position } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import { collected } from "#tests/support/collected.js"
import { Follower } from "#tests/support/follower.js"
import { often } from "#tests/support/often.js"
import { carried, changed, changes, stream } from "#tests/support/sample-events.js"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { type OpenEngine, everything, fresh } from "./fresh.js"

const one = stream("target-1")

export function following(open: OpenEngine): void {
  it("brings what is there from the start, then what comes", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(3, "there"), "a")
    const follower = new Follower(ledger)
    await follower.count(3)
    await ledger.append(one, 2, changes(2, "later"), "b")
    await follower.count(5)
    await follower.stop()
    expect(follower.events).toStrictEqual(await everything(ledger))
  })

  it("begins behind the position that is known", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(10), "a")
    const [behind, atHead, beyond] = [7, 9, 11].map((after) => new Follower(ledger, position(after)))
    await ledger.append(one, 9, changes(4, "later"), "b")
    await Promise.all([behind!.count(6), atHead!.count(4), beyond!.count(2)])
    await Promise.all([behind!.stop(), atHead!.stop(), beyond!.stop()])
    const all = await everything(ledger)
    expect(behind!.events).toStrictEqual(all.slice(8))
    expect(atHead!.events).toStrictEqual(all.slice(10))
    expect(beyond!.events).toStrictEqual(all.slice(12))
  })

  it("waits on an empty ledger for its first event", async () => {
    const { ledger } = await fresh(open)
    const follower = new Follower(ledger)
    await ledger.append(one, noStream, changes(1), "a")
    await follower.count(1)
    await follower.stop()
    expect(follower.events.map(carried)).toStrictEqual(["change/0"])
  })

  it("hands over from catching up to live without loss or repetition, whenever it begins", async () => {
    const { ledger } = await fresh(open)
    let revision = noStream
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 12 }), async (sizes) => {
        const start = await ledger.head()
        const followers: Follower[] = []
        let total = 0
        for (const size of sizes) {
          followers.push(new Follower(ledger, start.position))
          const appended = ledger.append(one, revision, changes(size), "run")
          followers.push(new Follower(ledger, start.position))
          ;({ revision } = await appended)
          total += size
        }
        await Promise.all(followers.map((follower) => follower.count(total)))
        await Promise.all(followers.map((follower) => follower.stop()))
        const wanted = await ledger.readAll({ after: start.position, limit: 1_000 })
        for (const follower of followers) expect(follower.events).toStrictEqual(wanted)
      }),
      { numRuns: often(6) },
    )
  })

  it("brings a long past in batches of bounded size, none of them empty", async () => {
    const { ledger } = await fresh(open)
    for (let revision = noStream; revision < 4_000; revision += 2_500) {
      await ledger.append(one, revision, changes(2_500), "run")
    }
    const sizes: number[] = []
    const stop = new AbortController()
    let seen = 0
    for await (const batch of ledger.subscribe(origin, stop.signal)) {
      sizes.push(batch.length)
      seen += batch.length
      if (seen >= 5_000) stop.abort()
    }
    expect(seen).toBe(5_000)
    expect(Math.min(...sizes)).toBeGreaterThan(0)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000)
  })

  it("brings no more of large events at a time than a follower can hold", async () => {
    const { ledger } = await fresh(open)
    const large = changed("x".repeat(800_000))
    await ledger.append(one, noStream, [large, large, large, large, large], "run")
    const sizes: number[] = []
    for await (const batch of ledger.subscribe(origin, new AbortController().signal)) {
      sizes.push(batch.length)
      if (batch.at(-1)?.position === 4) break
    }
    expect(sizes).toStrictEqual([3, 2])
  })

  it("ends when it is aborted, be it before, while waiting or between two batches", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(1), "a")
    const before = ledger.subscribe(origin, AbortSignal.abort())[Symbol.asyncIterator]()
    expect(await before.next()).toStrictEqual({ done: true, value: undefined })

    const stop = new AbortController()
    const iteration = ledger.subscribe(origin, stop.signal)[Symbol.asyncIterator]()
    expect(await iteration.next()).toMatchObject({ done: false })
    const waiting = iteration.next()
    stop.abort()
    expect(await waiting).toStrictEqual({ done: true, value: undefined })
    await ledger.append(one, 0, changes(1), "b")
    expect(await iteration.next()).toStrictEqual({ done: true, value: undefined })

    const between = new Follower(ledger)
    await between.count(2)
    await between.stop()
    await ledger.append(one, 1, [changed("unseen")], "c")
    expect(between.events).toHaveLength(2)
  })

  it("ends when its reader leaves, and others read on", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(1), "a")
    const other = new Follower(ledger)
    for await (const batch of ledger.subscribe(origin, new AbortController().signal)) {
      expect(batch).toHaveLength(1)
      break
    }
    await ledger.append(one, 0, changes(1), "b")
    await other.count(2)
    await other.stop()
  })

  it("holds nothing of a subscription that was aborted while it waited", async () => {
    const { ledger } = await fresh(open)
    const abortedWhileWaiting = async () => {
      const stop = new AbortController()
      const waiting = ledger.subscribe(origin, stop.signal)[Symbol.asyncIterator]().next()
      stop.abort()
      await waiting
      return new WeakRef(stop.signal)
    }
    expect(await collected(await abortedWhileWaiting())).toBe(true)
  })
}
