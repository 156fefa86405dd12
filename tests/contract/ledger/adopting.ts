/** Events that are taken over from another ledger are the same events: bytes, leaves and positions; anything else is refused whole. */
import { type Position, origin } from "#kernel/point.js"
import { type Ledger, type StoredEvent, noStream } from "#ledger/port.js"
import { type EnvelopeHead, sealedLeaf } from "#ledger/leaf.js"
import { rootAt } from "#ledger/proof/prove.js"
import { Follower } from "#tests/support/follower.js"
import { changed, changes, sample, stream } from "#tests/support/sample-events.js"
import { expect, it } from "vitest"
import { type OpenEngine, everything, fresh, refused } from "./fresh.js"

const one = stream("target-1")
const two = stream("target-2")

async function written(open: OpenEngine): Promise<Ledger> {
  const { ledger, clock } = await fresh(open)
  await ledger.append(one, noStream, [changed("ü 🛰️ \u0000 'x'"), ...changes(299)], "a")
  clock.advance(1_000)
  await ledger.append(two, noStream, [changed({ __proto__: 1, n: -0.5e-9 }), sample("TargetUnseen")], "b")
  await ledger.append(one, 299, changes(2, "again"), "c")
  return ledger
}

const stored = (ledger: Ledger) => ledger.readStored({ after: origin, limit: 10_000 })

export function adopting(open: OpenEngine): void {
  it("gives the same events, leaves, root and times, and goes on from there", async () => {
    const from = await written(open)
    const { ledger, reopen } = await fresh(open)
    const events = await stored(from)
    await ledger.adopt(events.slice(0, 120))
    await ledger.adopt(events.slice(120))
    expect(await stored(ledger)).toStrictEqual(events)
    expect(await everything(ledger)).toStrictEqual(await everything(from))
    expect(await rootAt(ledger, events.length)).toStrictEqual(await rootAt(from, events.length))
    expect(await ledger.head()).toStrictEqual(await from.head())
    const again = await reopen()
    expect(await again.append(two, 1, changes(1), "d")).toStrictEqual({ revision: 2, position: events.length })
  })

  it("shows them to whoever follows", async () => {
    const from = await written(open)
    const { ledger } = await fresh(open)
    const follower = new Follower(ledger)
    await ledger.adopt(await stored(from))
    await follower.count(304)
    await follower.stop()
    expect(follower.events).toStrictEqual(await everything(from))
  })

  const wrong: Readonly<Record<string, [string, (events: readonly StoredEvent[]) => readonly StoredEvent[]]>> = {
    "do not begin where the ledger ends": [
      "the event at position 1 does not follow: the ledger goes on at position 0",
      (events) => events.slice(1),
    ],
    "leave one out": [
      "the event at position 8 does not follow: the ledger goes on at position 7",
      (events) => events.filter(({ position }) => position !== 7),
    ],
    "leave one out of its stream": [
      "the event at position 7 is number 8 of target-1, which is at 6",
      (events) =>
        events
          .filter(({ position }) => position !== 7)
          .map((event, index) => ({ ...event, position: index as Position })),
    ],
    "stood at other positions": [
      "the event at position 2 does not follow: the ledger goes on at position 0",
      (events) => events.map((event) => ({ ...event, position: (event.position + 2) as Position })),
    ],
    "hold one that was changed": [
      "the event at position 7 was changed: its leaf is another",
      (events) =>
        events.map((event) =>
          event.position === 7 ? { ...event, data: event.data.replace("change/6", "changE/6") } : event,
        ),
    ],
    "hold one whose envelope is no JSON": [
      "the event at position 7 has no envelope that can be read",
      (events) =>
        events.map((event) =>
          event.position === 7 ? { ...event, head: "{", leaf: sealedLeaf("{", event.data, event.seal) } : event,
        ),
    ],
    "stand at other positions than their streams allow": [
      "the event at position 0 is number 1 of target-1, which is empty",
      (events) => {
        const [a, b, ...rest] = events as [StoredEvent, StoredEvent, ...StoredEvent[]]
        return [{ ...b, position: a.position }, { ...a, position: b.position }, ...rest]
      },
    ],
  }
  /** Whose leaf is right all the same. */
  const resealed = (events: readonly StoredEvent[], change: (head: EnvelopeHead) => unknown) =>
    events.map((event) => {
      if (event.position !== 7) return event
      const head = JSON.stringify(change(JSON.parse(event.head) as EnvelopeHead))
      return { ...event, head, leaf: sealedLeaf(head, event.data, event.seal) }
    })

  it.each<[string, string, (head: EnvelopeHead) => unknown]>([
    ["is of a type that nobody here knows", "UnknownEventType", (head) => ({ ...head, type: "TargetTeleported" })],
    ["has no envelope", "LedgerForked", () => null],
    ["has an envelope without a time", "LedgerForked", (head) => ({ ...head, recordedAt: "soon" })],
    ["has an envelope whose revision is no number", "LedgerForked", (head) => ({ ...head, revision: "7" })],
  ])("refuses all when one %s", async (_, code, change) => {
    const events = resealed(await stored(await written(open)), change)
    const { ledger } = await fresh(open)
    expect((await refused(ledger, () => ledger.adopt(events))).code).toBe(code)
  })

  it.each(Object.entries(wrong))("refuses all when they %s, and says where", async (_, [message, spoil]) => {
    const events = spoil(await stored(await written(open)))
    const { ledger } = await fresh(open)
    const error = await refused(ledger, () => ledger.adopt(events))
    expect([error.code, error.message]).toStrictEqual(["LedgerForked", message])
  })
}
