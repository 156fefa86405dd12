/** The real program is killed while it tells: what it owed is told by the next one, under the same id, and of each alert in order. */
import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as net from "node:net"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { freePort } from "#tests/support/free-port.js"
import { type Options, type RunningServer, answer, fleetLedger, startServer } from "#tests/support/program.js"
import { type Received, Receiver } from "#tests/support/receiver.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import { whenFinished } from "#tests/support/when-finished.js"

const told = ({ body }: Received) => {
  const { type, alerts } = JSON.parse(body) as { type: string; alerts: { about: { name: string } }[] }
  return `${type.slice("alert.".length)} ${alerts.map(({ about }) => about.name).join(",")}`
}
const idOf = ({ headers }: Received) => headers["webhook-id"]

async function watching(receiver: Receiver, port: number): Promise<Options> {
  const folder = await tempFolder()
  const [config, hosts] = [path.join(folder, "config.yaml"), path.join(folder, "hosts.yaml")]
  await fs.writeFile(hosts, "hosts: [{ name: web-1 }]\n")
  const channels = [{ name: "hook", kind: "webhook", url: receiver.url, groupFor: "0s" }]
  const checks = [{ name: "shop", kind: "tcp", address: `127.0.0.1:${port}`, every: "1s", retries: 1 }]
  const sources = [{ name: "hosts", kind: "file", path: hosts }]
  await fs.writeFile(config, JSON.stringify({ sources, checks, alerts: { channels } }))
  return { data: path.join(folder, "data"), env: { FLEET_LEDGER_CONFIG: config } }
}

async function kill({ process: child }: RunningServer): Promise<void> {
  const ended = once(child, "close")
  child.kill("SIGKILL")
  await ended
}

async function opened(port: number): Promise<net.Server> {
  const shop = net.createServer((socket) => socket.end()).listen(port, "127.0.0.1")
  await once(shop, "listening")
  whenFinished(() => void shop.close())
  return shop
}

describe("kill -9", () => {
  it(
    "while receivers hold what they are sent, or just after they took it, loses nothing and confuses no order",
    { timeout: 90_000 },
    async () => {
      const receiver = await Receiver.start()
      const port = await freePort()
      const options = await watching(receiver, port)
      receiver.manner = () => "hang"
      const first = await startServer(await freePort(), options)
      await until(() => receiver.requests.length > 0)
      await kill(first)
      const [held] = receiver.requests as [Received]
      expect(told(held)).toBe("raised shop")

      // The next one is held as well, while the shop opens: that it is mended waits behind it.
      await opened(port)
      const second = await startServer(await freePort(), options)
      await until(() => receiver.requests.length > 1)
      await until(async () => {
        const { items } = await answer<{ items: { owed: number }[] }>(["delivery", "list"], options)
        return items[0]?.owed === 2
      })
      await kill(second)
      expect(receiver.requests.map(told)).toStrictEqual(["raised shop", "raised shop"])

      receiver.manner = () => ({ status: 200 })
      const third = await startServer(await freePort(), options)
      await until(() => receiver.taken.length > 0)
      await kill(third)
      const fourth = await startServer(await freePort(), options)
      await until(() => receiver.taken.map(told).includes("resolved shop"))
      await until(async () => {
        const { items } = await answer<{ items: { owed: number }[] }>(["delivery", "list"], options)
        return items[0]?.owed === 0
      })
      expect(await fourth.stop()).toBe(0)

      const raised = receiver.requests.filter((request) => told(request) === "raised shop")
      const resolved = receiver.requests.filter((request) => told(request) === "resolved shop")
      expect(new Set(raised.map(idOf))).toStrictEqual(new Set([idOf(held)]))
      expect(new Set(resolved.map(idOf)).size).toBe(1)
      // All that was told of the one is before all that was told of the other.
      expect(receiver.requests).toStrictEqual([...raised, ...resolved])
    },
  )
})

describe("a channel that is tried", () => {
  it("is told at once, and whoever asks for it in a script knows how it went", async () => {
    const receiver = await Receiver.start()
    const options = await watching(receiver, await freePort())
    const { code, stdout } = await fleetLedger(["delivery", "test", "hook"], options)
    expect([code, stdout]).toStrictEqual([0, "taken by its receiver\n"])
    receiver.manner = () => ({ status: 400 })
    const refused = await fleetLedger(["delivery", "test", "hook"], options)
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(/^refused: 127\.0\.0\.1:\d+ answered 400\n$/)
  })
})
