/** Checkpoints on their way to somebody else: what is sent, what counts as taken, and that a receiver who is not there loses nothing. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as path from "node:path"
import { origin } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { keyFolder } from "#ledger/proof/key.js"
import { Sealer } from "#ledger/proof/seal.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { type Ops, openOps } from "#ops/ops.js"
import { Views } from "#projections/views.js"
import { checkpointWebhook } from "#sealing/webhook.js"
import { Subscription } from "#subscriptions/subscription.js"
import { type Subscriptions, openSubscriptions } from "#subscriptions/subscriptions.js"
import { freePort } from "#tests/support/free-port.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { TestTimings } from "#tests/support/test-timings.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

interface Request {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** Somebody who keeps notes, and answers what the test says. */
class Receiver {
  readonly requests: Request[] = []
  status = 204
  headers: http.OutgoingHttpHeaders = {}
  readonly #server = http.createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => (body += chunk))
    request.on("end", () => {
      const { method, url, headers } = request
      this.requests.push({ method, url, headers, body })
      response.writeHead(this.status, this.headers).end()
    })
  })

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve))
    onTestFinished(() => {
      this.#server.closeAllConnections()
      this.#server.close()
    })
    return (this.#server.address() as AddressInfo).port
  }
}

interface World {
  readonly ledger: Ledger
  readonly ops: Ops
  readonly timings: TestTimings
  readonly subscriptions: Subscriptions
  /** Appends something and seals it; the note. */
  readonly seal: () => Promise<string>
}

async function world(url: string): Promise<World> {
  const folder = await tempFolder()
  const clock = new TestClock()
  const ledger = openSqliteLedger(path.join(folder, "ledger.db"), clock)
  const ops = openOps(path.join(folder, "ops.db"), clock)
  const folded = new Views(":memory:")
  const views = new Subscription(ledger, folded)
  const timings = new TestTimings()
  const sealer = new Sealer(ledger, keyFolder(path.join(folder, "keys")), clock)
  const handlers = [checkpointWebhook(url)]
  const subscriptions = await openSubscriptions({ ledger, ops, clock, views: () => views, handlers, timings })
  onTestFinished(async () => {
    await subscriptions.stop()
    await views.stop()
    folded.close()
    ops.close()
    await ledger.close()
  })
  let count = 0
  return {
    ledger,
    ops,
    timings,
    subscriptions,
    seal: async () => {
      await ledger.append(stream(`target-${count++}`), noStream, changes(1), "found")
      return (await sealer.seal()).note
    },
  }
}

const letters = ({ ops }: World) => ops.deadLetters.page({ position: origin, id: "" }, 100)

describe("a checkpoint's webhook", () => {
  it("is sent the note as it was signed, and which event it is of, so that twice is once", async () => {
    const receiver = new Receiver()
    const port = await receiver.listen()
    const { seal, ledger } = await world(`http://127.0.0.1:${port}/notes/secret?of=ours`)
    const note = await seal()
    await until(() => receiver.requests.length === 1)
    const [event] = await ledger.readStream(stream("ledger"), { limit: 1 })
    expect(receiver.requests[0]).toMatchObject({
      method: "POST",
      url: "/notes/secret?of=ours",
      body: note,
      headers: { "content-type": "text/plain; charset=utf-8", "fleet-ledger-event": event?.id },
    })
  })

  it.each([
    ["an error", 500, {}, /answered 500$/],
    ["what it does not know", 404, {}, /answered 404$/],
    ["another address, where a note must not be sent", 307, { location: "http://127.0.0.1:1/" }, /cannot be reached: /],
  ])("that answers with %s has not taken it", async (_, status, headers, why) => {
    const receiver = new Receiver()
    Object.assign(receiver, { status, headers })
    const port = await receiver.listen()
    const fleet = await world(`http://127.0.0.1:${port}/secret`)
    await fleet.seal()
    await until(async () => (await letters(fleet)).length === 1)
    const [letter] = await letters(fleet)
    expect(receiver.requests).toHaveLength(fleet.timings.attempts)
    expect(letter).toMatchObject({ handler: "checkpoint-webhook", position: 1, message: expect.stringMatching(why) })
    expect(letter?.message).toMatch(new RegExp(`^127\\.0\\.0\\.1:${port} `))
    expect(letter?.message).not.toContain("secret")
  })

  it("that is not there loses nothing: each note waits as a letter, with an alert, and is sent when somebody says so", async () => {
    const port = await freePort()
    const fleet = await world(`http://127.0.0.1:${port}/secret`)
    const notes = [await fleet.seal()]
    await until(async () => (await letters(fleet)).length === 1)
    notes.push(await fleet.seal())
    const raised = () => fleet.ledger.readAll({ after: origin, types: ["AlertRaised"], limit: 10 })
    await until(async () => (await raised()).length === 2)
    const alerts = await raised()
    expect(alerts.map(({ data }) => data)).toMatchObject([
      { rule: "dead-letter", about: { kind: "subscription", name: "checkpoint-webhook" } },
      { rule: "dead-letter", about: { kind: "subscription", name: "checkpoint-webhook" } },
    ])
    const told = JSON.stringify([alerts, await letters(fleet)])
    expect(told).toContain(`127.0.0.1:${port} cannot be reached: connect ECONNREFUSED`)
    expect(told).not.toContain("secret")

    const receiver = new Receiver()
    await receiver.listen(port)
    for (const { id } of await letters(fleet)) {
      expect(await fleet.subscriptions.retry(id, new AbortController().signal)).toMatchObject({ outcome: "handled" })
    }
    expect(receiver.requests.map(({ body }) => body)).toStrictEqual(notes)
    expect(await letters(fleet)).toStrictEqual([])
    notes.push(await fleet.seal())
    await until(() => receiver.requests.length === 3)
    expect(receiver.requests.at(-1)?.body).toBe(notes.at(-1))
  })
})
