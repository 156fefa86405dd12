/** Other addresses than loopback are listened on with TLS, or for a proxy alone. */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as http from "node:http"
import * as https from "node:https"
import * as path from "node:path"
import { pino } from "pino"
import { describe, expect, it, onTestFinished } from "vitest"
import { configIn } from "#tests/support/folder-fleet.js"
import { freePort } from "#tests/support/free-port.js"
import { needs } from "#tests/support/real-parts.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { startServer } from "../../src/server.js"

async function serving(settings: (folder: string) => string) {
  const folder = await tempFolder()
  const port = await freePort()
  const config = configIn(
    folder,
    `listen: 0.0.0.0:${port}\nsources: [{ name: none, kind: file, path: /dev/null }]\n${settings(folder)}`,
  )
  const server = await startServer(config, pino({ level: "silent" }), new AbortController().signal)
  onTestFinished(() => server.close())
  return { folder, port, server }
}

function get(url: string, options: https.RequestOptions = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? https : http).get(url, options, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (piece: string) => (body += piece))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on("error", reject)
  })
}

function certify(folder: string): string {
  const key = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-subj",
    "/CN=fleet.lan",
  ]
  spawnSync("openssl", [...key, "-addext", "subjectAltName=DNS:fleet.lan", "-keyout", "key", "-out", "cert"], {
    cwd: folder,
  })
  return `tls: { certificate: ${folder}/cert, key: ${folder}/key }\nurl: https://fleet.lan`
}

describe.runIf(needs("openssl"))("with TLS", () => {
  it("is reached by its name, and by nothing that does not speak TLS", async () => {
    const { folder, port, server } = await serving(certify)
    const ca = fs.readFileSync(path.join(folder, "cert"))
    const asked = { ca, servername: "fleet.lan", headers: { host: "fleet.lan" } }
    expect(await get(`https://127.0.0.1:${port}/livez`, asked)).toMatchObject({ status: 200 })
    expect(await get(`https://127.0.0.1:${port}/livez`, { ...asked, headers: { host: "evil.example" } })).toMatchObject(
      {
        status: 403,
      },
    )
    await expect(get(`http://127.0.0.1:${port}/livez`)).rejects.toThrow()
    expect(server.loginUrl).toMatch(/^https:\/\/fleet\.lan\/login\?code=/)
  })

  it("files that are none are named", async () => {
    const wrong = serving((folder) => `tls: { certificate: ${folder}/none, key: ${folder}/none }`)
    expect((await refusalOf(() => wrong)).message).toContain("/none, for TLS, cannot be read")
    const swapped = serving((folder) => certify(folder).replace("/cert,", "/key,"))
    expect((await refusalOf(() => swapped)).message).toContain("are no certificate with its key")
  })
})

describe("behind a proxy", () => {
  it("nobody else is answered", async () => {
    const through = async (proxy: string) => {
      const { port } = await serving(() => `proxies: ["${proxy}"]\nurl: https://fleet.lan`)
      return (await get(`http://127.0.0.1:${port}/livez`, { headers: { host: "fleet.lan" } })).status
    }
    expect([await through("127.0.0.0/8"), await through("192.0.2.1")]).toEqual([200, 403])
  })
})

it("without either they are refused, and nothing is begun", async () => {
  const refused = await refusalOf(() => serving(() => ""))
  expect(refused).toMatchObject({ code: "InvalidConfig", message: expect.stringContaining('need "tls"') })
})
