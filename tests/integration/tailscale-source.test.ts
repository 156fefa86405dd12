/** A tailnet as its daemon tells it, by a program and a socket that stand for Tailscale's: that they answer so is recorded, not tried. */
import * as fs from "node:fs/promises"
import * as http from "node:http"
import * as path from "node:path"
import { type TailscaleOptions, tailscaleSource } from "#discovery/sources/tailscale.js"
import { tailnetLook } from "#discovery/sources/tailscale/status.js"
import { FleetError } from "#kernel/errors.js"
import { anyJson } from "#tests/support/any-json.js"
import { lookAt } from "#tests/support/look.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import * as fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"

const never = "0001-01-01T00:00:00Z"

const peer = (id: string, name: string, more: Record<string, unknown> = {}) => ({
  ID: id,
  PublicKey: `nodekey:${id}`,
  HostName: name,
  DNSName: `${name}.tail1234.ts.net.`,
  OS: "linux",
  UserID: 1001,
  TailscaleIPs: ["100.64.0.2", "fd7a:115c:a1e0::2"],
  AllowedIPs: ["100.64.0.2/32", "fd7a:115c:a1e0::2/128"],
  Addrs: null,
  CurAddr: "",
  Relay: "fra",
  RxBytes: Math.floor(performance.now()),
  TxBytes: 0,
  Created: "2026-01-02T03:04:05.678Z",
  LastWrite: never,
  LastSeen: new Date().toISOString(),
  LastHandshake: never,
  Online: true,
  ExitNode: false,
  ExitNodeOption: false,
  Active: false,
  PeerAPIURL: ["http://100.64.0.2:1"],
  InNetworkMap: true,
  InMagicSock: true,
  InEngine: false,
  ...more,
})

const status = (more: Record<string, unknown> = {}) =>
  JSON.stringify({
    Version: "1.90.1-tcafe",
    TUN: true,
    BackendState: "Running",
    HaveNodeKey: true,
    AuthURL: "",
    TailscaleIPs: ["100.64.0.1"],
    Self: peer("nSelf", "watch", { TailscaleIPs: ["100.64.0.1"], KeyExpiry: "2026-12-24T00:00:00Z" }),
    Health: [],
    MagicDNSSuffix: "tail1234.ts.net",
    CurrentTailnet: { Name: "ada@example.org", MagicDNSSuffix: "tail1234.ts.net", MagicDNSEnabled: true },
    Peer: {
      "nodekey:a": peer("nA", "web", {
        HostName: "localhost",
        UserID: 2002,
        Tags: ["tag:server", "tag:eu"],
        PrimaryRoutes: ["10.1.0.0/24"],
        ExitNodeOption: true,
        Online: false,
      }),
      "nodekey:b": peer("nShared", "theirs", { DNSName: "theirs.tail9999.ts.net.", AltSharerUserID: 7 }),
      "nodekey:c": peer("nSharee", "guest", { ShareeNode: true }),
      "nodekey:d": peer("nMullvad", "de-fra", { DNSName: "de-fra.mullvad.ts.net.", Tags: ["tag:mullvad-exit-node"] }),
    },
    User: { "1001": { ID: 1001, LoginName: "ada@example.org" }, "2002": { ID: 2002, LoginName: "tagged-devices" } },
    ...more,
  })

/** A program that prints this, in a folder of its own. */
async function program(script: string): Promise<TailscaleOptions> {
  const folder = await tempFolder()
  const command = path.join(folder, "tailscale")
  await fs.writeFile(command, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return { command, socket: path.join(folder, "nobody.sock") }
}

async function printing(text: string): Promise<TailscaleOptions> {
  const options = await program(`[ "$*" = "status --json" ] && cat "$0.json"`)
  await fs.writeFile(`${options.command}.json`, text)
  return options
}

async function answering(listener: http.RequestListener): Promise<TailscaleOptions> {
  const folder = await tempFolder()
  const socket = path.join(folder, "tailscaled.sock")
  const server = http.createServer(listener)
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { command: path.join(folder, "no-such-program"), socket }
}

const source = (options: TailscaleOptions) => tailscaleSource("tailnet", options)
const refusal = async (options: TailscaleOptions) => {
  const { code, message } = await refusalOf(() => lookAt(source(options)))
  expect(code).toBe("SourceUnavailable")
  return message
}

describe("a tailnet", () => {
  it("is the node itself and its peers, without what others share or sell", async () => {
    const look = await lookAt(source(await printing(status())))
    expect(look.observations.map(({ nativeKey }) => nativeKey)).toStrictEqual(["nSelf", "nA"])
    expect(look.of("nA").facets).toStrictEqual({
      identity: { name: "web", hostname: "localhost", fqdn: "web.tail1234.ts.net" },
      network: {
        interfaces: { "if:tailscale0": { addresses: { "ip:100.64.0.2/32": {}, "ip:fd7a:115c:a1e0::2/128": {} } } },
      },
      os: { name: "linux" },
      labels: { owner: null, tags: { "tag:server": {}, "tag:eu": {} } },
      tailnet: {
        name: "ada@example.org",
        keyExpires: null,
        exitNode: true,
        routes: { "route:10.1.0.0/24": {} },
        online: 0,
      },
    })
    expect(look.of("nSelf").facets).toMatchObject({
      labels: { owner: "ada@example.org", tags: {} },
      tailnet: { keyExpires: "2026-12-24T00:00:00Z", exitNode: false, routes: {}, online: 1 },
    })
    expect(look.coverage).toMatchObject({ rights: "node:watch", complete: { target: true, service: false } })
  })

  it("is the same again, whatever was sent and seen meanwhile", async () => {
    const [before, after] = [await printing(status()), await printing(status())]
    expect((await lookAt(source(after))).observations).toStrictEqual((await lookAt(source(before))).observations)
  })

  it("is asked of the daemon's socket where there is no program", async () => {
    const asked: unknown[] = []
    const options = await answering((request, response) => {
      asked.push([request.url, request.headers.host])
      response.end(status())
    })
    expect((await lookAt(source(options))).observations).toHaveLength(2)
    expect(asked).toStrictEqual([["/localapi/v0/status", "local-tailscaled.sock"]])
  })

  it("of which the control server says nothing new may lack anybody", async () => {
    const { coverage } = await lookAt(
      source(await printing(status({ Self: peer("nSelf", "watch", { Online: false }) }))),
    )
    expect(coverage).toMatchObject({ complete: { target: false }, notLooked: { "/tailnet": expect.any(String) } })
  })
})

describe("a tailnet that cannot be looked at", () => {
  it.each([
    [status({ BackendState: "Stopped", Peer: null }), 'Tailscale: it is not connected but "Stopped"'],
    [status({ BackendState: "NeedsLogin", Self: null }), 'Tailscale: it is not connected but "NeedsLogin"'],
    ["{}", "Tailscale: this is no status of its"],
    ["[]", "Tailscale: this is no status of its"],
    [status().slice(0, -20), "Tailscale: its answer is not JSON"],
    ["<html>", "Tailscale: its answer is not JSON"],
    [status({ Self: { HostName: "watch" } }), 'Tailscale: "Self.ID" of its status is not as expected'],
    [
      status({ Peer: { a: { ...peer("n", "x"), Tags: "tag:a" } } }),
      'Tailscale: "Peer.a.Tags" of its status is not as expected',
    ],
  ])("says so, and not that nobody is there: %#", async (text, message) => {
    expect(await refusal(await printing(text))).toBe(message)
  })

  it("says what the program says", async () => {
    const options = await program(
      "echo 'failed to connect to local tailscaled; it does not run' >&2; echo x >&2; exit 1",
    )
    expect(await refusal(options)).toBe(
      `${options.command} status: failed to connect to local tailscaled; it does not run`,
    )
  })

  it("says where nobody answers, and how", async () => {
    const folder = await tempFolder()
    const nobody = { command: path.join(folder, "no"), socket: path.join(folder, "nobody.sock") }
    expect(await refusal(nobody)).toMatch(/^there is no program ".*no", and the socket .*nobody\.sock: .*ENOENT/)
    expect(await refusal(await answering((_, response) => void response.writeHead(403).end()))).toMatch(/: HTTP 403$/)
    const breaks = await answering((request, response) => {
      response.writeHead(200, { "content-length": 1_000 }).write("{")
      setTimeout(() => request.destroy(), 50)
    })
    expect(await refusal(breaks)).toMatch(/: aborted$/)
  })

  it("lets go when the look is not wanted any more", async () => {
    const abort = new AbortController()
    const looking = source(await program("sleep 20")).look(abort.signal)
    setTimeout(() => abort.abort(new Error("enough")), 100)
    await expect(looking).rejects.toThrow("enough")
  })
})

describe("any answer", () => {
  const anyStatus = fc.record({ Self: anyJson, Peer: anyJson, User: anyJson, MagicDNSSuffix: anyJson })
  const answers = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    anyJson.map((value) => JSON.stringify(value)),
    anyStatus.map((value) => status(value)),
    anyJson.map((value) => status({ Peer: { a: { ...peer("n", "x"), DNSName: value, Tags: value } } })),
  )

  it("is a tailnet, or refused by an error of ours", () => {
    fc.assert(
      fc.property(answers, (text) => {
        try {
          tailnetLook(text)
        } catch (error) {
          expect(error).toBeInstanceOf(FleetError)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it("of hostile names makes names that fit on a line", async () => {
    const hostile = {
      HostName: "\u001B[31m\0",
      DNSName: `${"x".repeat(1_000_000)}.tail1234.ts.net.`,
      Tags: ["tag:__proto__"],
    }
    const look = await lookAt(source(await printing(status({ Peer: { a: peer("__proto__", "x", hostile) } }))))
    expect(look.of("__proto__").facets).toMatchObject({
      identity: { name: "x".repeat(1_024), hostname: "\uFFFD[31m\uFFFD" },
      labels: { tags: { "tag:__proto__": {} } },
    })
  })
})
