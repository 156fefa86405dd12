/** What is no request, or two of them in one, is refused as everything else is: a status, a code and one sentence. */
import * as net from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { door, port } from "#tests/support/door.js"

const host = `Host: 127.0.0.1:${port}`
const end = "\r\n\r\n"

interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly body: object
  readonly isClosed: boolean
}

async function send(listening: number, text: string): Promise<Answer> {
  const socket = net.connect(listening, "127.0.0.1")
  onTestFinished(() => void socket.destroy())
  socket.end(text)
  let told = ""
  for await (const chunk of socket) told += String(chunk)
  const [head = "", body = ""] = told.split(end)
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1]?.trim()
  expect(Buffer.byteLength(body)).toBe(Number(header("content-length")))
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
  return { status, type: header("content-type"), body: JSON.parse(body), isClosed: header("connection") === "close" }
}

const cases: readonly (readonly [string, string, number, string])[] = [
  ["garbage", `nonsense${end}`, 400, "this is no HTTP request"],
  [
    "a length beside pieces, as smugglers send",
    `POST /api/v1/tokens HTTP/1.1\r\n${host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked${end}0${end}`,
    400,
    "two ways where it ends",
  ],
  [
    "two lengths",
    `POST /api/v1/tokens HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\nContent-Length: 4${end}`,
    400,
    "two ways where it ends",
  ],
  ["a head of 20 kB", `GET /livez HTTP/1.1\r\n${host}\r\nX-Long: ${"x".repeat(20_000)}${end}`, 431, "16384 bytes"],
  ["two hosts", `GET /livez HTTP/1.1\r\n${host}\r\n${host}\r\nConnection: close${end}`, 400, "one Host"],
  ["no host", `GET /livez HTTP/1.1\r\nConnection: close${end}`, 400, "one Host"],
]

describe("a request that is malformed", () => {
  it.each(cases)("as %s is refused with a code and one sentence", async (_, text, status, sentence) => {
    const { app } = await door()
    await app.listen({ host: "127.0.0.1", port: 0 })
    const { port: listening } = app.server.address() as net.AddressInfo
    expect(await send(listening, text)).toMatchObject({
      status,
      type: expect.stringContaining("application/problem+json"),
      isClosed: true,
      body: { status, code: "InvalidInput", detail: expect.stringContaining(sentence) },
    })
  })

  it("as it never comes to its end is not waited for without end", async () => {
    const { app } = await door()
    // What Node goes by; nothing shorter than a look at a clock of minutes would show it.
    expect(app.server.requestTimeout).toBe(600_000)
    expect(app.server.headersTimeout).toBe(60_000)
  })
})
