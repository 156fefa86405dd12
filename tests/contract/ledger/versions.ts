/** Events outlive the programs that wrote them: upcast when they are read, never rewritten, and never guessed at. */
import { origin } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import { atVersion, withoutType } from "#tests/support/later-version.js"
import { changes, sample, stream } from "#tests/support/sample-events.js"
import { expect, it } from "vitest"
import { refusalOf } from "#tests/support/refusal.js"
import { type OpenEngine, everything, fresh } from "./fresh.js"

const one = stream("target-1")

export function versions(open: OpenEngine): void {
  it("gives an older event in the current shape, on every way of reading, with the version it was written in", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, [sample("TargetUnseen")], "a")
    const asWritten = await everything(ledger)
    atVersion("TargetUnseen", 3, {
      1: (data) => ({ ...data, steps: ["1 to 2"] }),
      2: (data) => ({ ...data, steps: [...(data["steps"] as string[]), "2 to 3"] }),
    })
    const upcast = [{ ...asWritten[0], data: { steps: ["1 to 2", "2 to 3"] }, schemaVersion: 1 }]
    expect(await everything(ledger)).toStrictEqual(upcast)
    expect(await ledger.readStream(one, { limit: 1 })).toStrictEqual(upcast)
    expect(await ledger.readStream(one, { limit: 1, backwards: true })).toStrictEqual(upcast)
    expect(await ledger.readAt([asWritten[0]!.position])).toStrictEqual(upcast)
    for await (const batch of ledger.subscribe(origin, new AbortController().signal)) {
      expect(batch).toStrictEqual(upcast)
      break
    }
    atVersion("TargetUnseen", 1, {})
    expect(await everything(ledger)).toStrictEqual(asWritten)
  })

  it("refuses to read an event of a newer version, naming its type", async () => {
    const { ledger } = await fresh(open)
    atVersion("TargetUnseen", 2, { 1: (data) => data })
    await ledger.append(one, noStream, [sample("TargetUnseen")], "a")
    atVersion("TargetUnseen", 1, {})
    const error = await refusalOf(() => everything(ledger))
    expect(error).toMatchObject({ code: "NewerVersion", kind: "data" })
    expect(error.message).toContain("TargetUnseen version 2")
  })

  it("refuses to read a type that it does not know, naming it and its position, and reads what is in front of it", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, [...changes(2), sample("TargetUnseen")], "a")
    withoutType("TargetUnseen")
    const error = await refusalOf(() => everything(ledger))
    expect(error).toMatchObject({ code: "UnknownEventType", kind: "data" })
    expect(error.message).toMatch(/"TargetUnseen" at position 2/)
    expect(await ledger.readAll({ after: origin, limit: 2 })).toHaveLength(2)
  })
}
