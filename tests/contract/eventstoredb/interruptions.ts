/** Whatever comes between this process and the cluster, an append counts once and a follower sees every event once. */
import { origin } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import { Follower } from "#tests/support/follower.js"
import { refusalOf } from "#tests/support/refusal.js"
import { carried, changed, changes, stream } from "#tests/support/sample-events.js"
import { until } from "#tests/support/until.js"
import { expect, it } from "vitest"
import { everything } from "../ledger/fresh.js"
import { hurried, impatient, openOn, serverForTest } from "./served.js"

const one = stream("target-1")
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

export function interruptions(): void {
  it("goes on behind the last event that it copied, however often its subscription is dropped", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    const follower = new Follower(ledger)
    server.faults.dropAfter(7, "subscriptions")
    for (const batch of numbers(5)) await ledger.append(one, batch * 10 - 1, changes(10, `${batch}`), "run")
    await follower.count(50)
    await follower.stop()
    expect(follower.events.map(({ position }) => position)).toStrictEqual(numbers(50))
    expect(follower.events.map(carried)).toStrictEqual(numbers(50).map((n) => `${Math.floor(n / 10)}/${n % 10}`))
  })

  it("goes on where the server takes a subscription for ended", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server, { timings: { ...hurried, firstWaitMs: 500 } })
    await ledger.append(one, noStream, changes(1), "run")
    server.faults.endSubscriptions()
    await until(() => ledger.state.is === "waiting")
    expect(ledger.state).toMatchObject({ reason: "EventStoreDB ended the subscription" })
    expect(await ledger.append(one, 0, changes(1), "run")).toStrictEqual({ revision: 1, position: 1 })
  })

  it("says that it may be written where it is, and never comes back", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server, { timings: { ...impatient, appendMs: 300 } })
    server.faults.silence("subscriptions")
    const error = await refusalOf(() => ledger.append(one, noStream, changes(2), "run"))
    expect(error).toMatchObject({ code: "StoreUnavailable", retryable: true })
    expect(error.message).toMatch(/may or may not be written/)
    server.faults.heal()
    await until(() => ledger.state.is === "following")
    expect(await ledger.append(one, noStream, changes(2), "run")).toStrictEqual({ revision: 1, position: 1 })
  })

  it("writes once what was written and not answered", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    server.faults.commitThenDrop()
    expect(await ledger.append(one, noStream, changes(3), "run")).toStrictEqual({ revision: 2, position: 2 })
    expect(await ledger.append(one, 2, changes(1, "next"), "run")).toStrictEqual({ revision: 3, position: 3 })
    expect((await everything(ledger)).map(carried)).toStrictEqual(["change/0", "change/1", "change/2", "next/0"])
  })

  it("asks again where nobody answers, and writes once", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server, { timings: impatient })
    await ledger.append(one, noStream, changes(1), "first")
    server.faults.silence("appends")
    const appended = ledger.append(one, 0, changes(2), "run")
    await until(() => ledger.state.is === "following" && server.open("appends") > 0)
    // The connection that does not answer is left, and with it the subscription; the next one is asked in vain, too.
    await until(() => server.open("appends") > 1 || ledger.state.is !== "following")
    server.faults.heal()
    expect(await appended).toStrictEqual({ revision: 2, position: 2 })
    expect(await everything(ledger)).toHaveLength(3)
  })

  it("gives up in the end, saying that it may be written, and answers the identical append later", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server, { timings: { ...impatient, callMs: 100, appendMs: 300 } })
    server.faults.silence("appends")
    const error = await refusalOf(() => ledger.append(one, noStream, changes(2), "run"))
    expect(error).toMatchObject({ code: "StoreUnavailable", retryable: true })
    expect(error.message).toMatch(/may or may not be written.*did not answer (?:within 100 ms|in time)/)
    server.faults.heal()
    await until(() => ledger.state.is === "following")
    expect(await ledger.append(one, noStream, changes(2), "run")).toStrictEqual({ revision: 1, position: 1 })
    expect(await everything(ledger)).toHaveLength(2)
  })

  it("goes to the leader that a follower names", async () => {
    const leader = await serverForTest()
    const node = await serverForTest({ store: leader.store })
    const ledger = await openOn(node)
    node.faults.followLeader(leader.endpoint)
    expect(await ledger.append(one, noStream, changes(2), "run")).toStrictEqual({ revision: 1, position: 1 })
    expect(await ledger.append(one, 1, changes(2), "run")).toStrictEqual({ revision: 3, position: 3 })
    expect(await everything(ledger)).toHaveLength(4)
  })

  it("says what it waits for while the server is away, and goes on when it is back", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    await ledger.append(one, noStream, changes(2), "before")
    expect(ledger.state.is).toBe("following")
    await server.stop()
    const meanwhile = ledger.append(one, 1, changes(1, "meanwhile"), "meanwhile")
    await until(() => ledger.state.is === "waiting")
    expect(ledger.state).toMatchObject({ is: "waiting", reason: expect.stringMatching(/cannot be reached/) })
    expect(await everything(ledger)).toHaveLength(2)
    await server.start()
    expect(await meanwhile).toStrictEqual({ revision: 2, position: 2 })
    expect(ledger.state.is).toBe("following")
  })

  it("takes another subscription when the present one has fallen silent", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server, { timings: impatient })
    server.faults.silence("subscriptions")
    const appended = ledger.append(one, noStream, [changed("seen")], "run")
    await until(() => ledger.state.is === "waiting")
    server.faults.heal()
    expect(await appended).toStrictEqual({ revision: 0, position: 0 })
  })

  it("leaves no call open: neither of subscriptions that were dropped nor when it is closed", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    await ledger.append(one, noStream, changes(1), "run")
    for (const revision of numbers(3)) {
      server.faults.drop("subscriptions")
      await ledger.append(one, revision, changes(1), "run")
    }
    await until(() => server.open("subscriptions") === 1)
    expect(await ledger.readAll({ after: origin, limit: 10 })).toHaveLength(4)
    await ledger.close()
    await until(() => server.open("subscriptions") + server.open("reads") + server.open("appends") === 0)
  })
}
