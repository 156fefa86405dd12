/** Ways to the cluster, and a sentence of its own for each way to miss it, none of which tells a password. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { FleetError } from "#kernel/errors.js"
import { openEventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import { noStream } from "#ledger/port.js"
import { freePort } from "#tests/support/free-port.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it } from "vitest"
import { everything } from "../ledger/fresh.js"
import { addressOf, impatient, openOn, serverForTest } from "./served.js"

const one = stream("target-1")
const ada = { name: "ada", password: "correct-horse" }

const unreached = { ...impatient, openMs: 300 }

async function refusedAddress(address: string): Promise<FleetError> {
  return refusalOf(async () =>
    openEventStoreLedger({ address, file: path.join(await tempFolder(), "copy.db"), timings: unreached }),
  )
}

export function reaching(): void {
  it("signs in over TLS with the authority's certificate, by either product's name, by discovery or directly", async () => {
    const server = await serverForTest({ tls: true, user: ada })
    const { address: host, port } = server.endpoint
    const forms = [
      `esdb://${host}:${port}`,
      `kurrentdb://${host}:${port}/?tls=true`,
      `esdb+discover://${host}:${port}`,
      `kurrentdb+discover://${host}:${port}?tlsVerifyCert=true&keepAliveInterval=10000`,
      `esdb://localhost:1,${host}:${port}`,
    ]
    for (const [index, address] of forms.entries()) {
      const ledger = await openOn(server, { address, caFile: server.caFile, user: ada.name, password: ada.password })
      await ledger.append(one, index - 1, changes(1), "run")
      expect(await everything(ledger)).toHaveLength(index + 1)
    }
    await openOn(server, {
      address: `esdb://${host}:${port}?tlsCAFile=${server.caFile}`,
      user: "ada",
      password: ada.password,
    })
  })

  it.each([
    ["a password that is wrong", { user: "ada", password: "wrong-horse" }, /refused the user "ada"/],
    ["nobody signed in", {}, /wants a user and a password|refused/],
  ])("says so of %s", async (_, credentials, sentence) => {
    const server = await serverForTest({ tls: true, user: ada })
    for (const scheme of ["esdb", "esdb+discover"]) {
      const address = `${scheme}://${server.endpoint.address}:${server.endpoint.port}`
      const error = await refusalOf(() => openOn(server, { address, caFile: server.caFile, ...credentials }))
      expect(error.code).toBe("InvalidConfig")
      expect(error.message).toMatch(sentence)
      expect(error.message).not.toContain("horse")
    }
  })

  it("says so of a certificate that nobody vouches for", async () => {
    const server = await serverForTest({ tls: true, user: ada })
    for (const scheme of ["esdb", "esdb+discover"]) {
      const address = `${scheme}://${server.endpoint.address}:${server.endpoint.port}`
      const error = await refusalOf(() => openOn(server, { address, user: "ada", password: ada.password }))
      expect(error.code).toBe("InvalidConfig")
      expect(error.message).toMatch(/certificate of EventStoreDB at \S+:\d+ is not trusted \(self.signed/)
    }
  })

  it("says so of a server that speaks no TLS", async () => {
    const server = await serverForTest()
    const error = await refusalOf(() => openOn(server, { address: `esdb://localhost:${server.endpoint.port}` }))
    expect(error.code).toBe("InvalidConfig")
    expect(error.message).toContain("tls=false")
  })

  it.each(["esdb", "esdb+discover"])("says so where nobody listens, having tried for a while (%s)", async (scheme) => {
    const error = await refusedAddress(`${scheme}://127.0.0.1:${await freePort()}?tls=false`)
    expect(error).toMatchObject({ code: "StoreUnavailable", retryable: true })
    expect(error.message).toMatch(/EventStoreDB at 127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/)
  })

  it("says so of a server that does not answer", async () => {
    const server = await serverForTest()
    server.faults.silence("reads", "subscriptions")
    const error = await refusalOf(() => openOn(server, { timings: unreached }))
    expect(error.code).toBe("StoreUnavailable")
    expect(error.message).toMatch(/did not answer within \d+ ms/)
  })

  describe("says so of an address that is malformed", () => {
    it.each([
      ["", /another form/],
      ["localhost:2113", /another form/],
      ["https://localhost:2113", /another form/],
      ["esdb://", /another form/],
      ["esdb://host:port", /"host:port" is not a host/],
      ["esdb://host:99999", /"host:99999" is not a host/],
      ["esdb://a,,b", /"" is not a host/],
      ["esdb://host?tls=perhaps", /tls is true or false/],
      ["esdb://host?tlsVerifyCert=false", /has no effect/],
      ["esdb://host?keepAliveInterval=often", /number of milliseconds/],
      ["esdb://host?colour=red", /"colour" is not one of its settings/],
      ["esdb://ada:secret-horse@host:2113", /configured apart/],
    ])("%s", async (address, sentence) => {
      const error = await refusedAddress(address)
      expect(error.code).toBe("InvalidConfig")
      expect(error.message).toMatch(sentence)
      expect(error.message).not.toContain("horse")
    })
  })

  it("sends no password over a connection that everybody can read", async () => {
    const server = await serverForTest()
    const error = await refusalOf(() => openOn(server, { address: addressOf(server), user: "ada", password: "horse" }))
    expect(error.code).toBe("InvalidConfig")
    expect(error.message).toContain("no password without TLS")
  })

  it.each([
    ["is not there", undefined, /cannot be read/],
    ["is no certificate", "nonsense", /holds no certificate/],
  ])("says so of an authority's file that %s", async (_, text, sentence) => {
    const server = await serverForTest()
    const caFile = path.join(await tempFolder(), "ca.pem")
    if (text !== undefined) fs.writeFileSync(caFile, text)
    const error = await refusalOf(() => openOn(server, { address: "esdb://127.0.0.1:1", caFile }))
    expect(error.code).toBe("InvalidConfig")
    expect(error.message).toMatch(sentence)
  })

  it.each(["fleet-ledger.", "fleet_ledger", "a.b.", "."])("refuses %j for a prefix", async (prefix) => {
    const server = await serverForTest()
    expect((await refusalOf(() => openOn(server, { prefix }))).code).toBe("InvalidConfig")
  })

  it("appends through all of that", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server, { address: server.discoverConnectionString })
    expect(await ledger.append(one, noStream, changes(3), "run")).toStrictEqual({ revision: 2, position: 2 })
  })
}
