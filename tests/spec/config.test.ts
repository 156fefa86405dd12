/** Configuration: where it comes from, in which order, and what is there when nothing is configured. */
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { loadConfig } from "#config/load.js"
import { readSecret } from "#config/secret.js"
import { defaultPolicy } from "#events/policy.js"
import { tempFolder } from "#tests/support/temp-folder.js"

async function home(yaml?: string): Promise<NodeJS.ProcessEnv> {
  const folder = await tempFolder()
  await fs.mkdir(path.join(folder, "fleet-ledger"))
  if (yaml !== undefined) await fs.writeFile(path.join(folder, "fleet-ledger", "config.yaml"), yaml)
  return { XDG_CONFIG_HOME: folder }
}

describe("configuration", () => {
  it("is this machine alone, on loopback, when there is none", async () => {
    expect(loadConfig({}, await home())).toMatchObject({
      file: undefined,
      listen: "127.0.0.1:7400",
      sources: [{ name: "here", kind: "local" }],
      discovery: { every: 300_000 },
      policy: defaultPolicy,
    })
  })

  it("goes from flags over the environment and the file to the defaults", async () => {
    const env = await home("data: /from-file\nlisten: 127.0.0.1:1111\nsources: [{name: me, kind: local, every: 1m30s}]")
    const fromFile = loadConfig({}, env)
    expect([fromFile.data, fromFile.listen]).toEqual(["/from-file", "127.0.0.1:1111"])
    expect(fromFile.sources).toEqual([{ name: "me", kind: "local", every: 90_000 }])
    const more = { ...env, FLEET_LEDGER_DATA: "/from-env", FLEET_LEDGER_LISTEN: "127.0.0.1:2222" }
    const fromEnv = loadConfig({}, more)
    expect([fromEnv.data, fromEnv.listen, fromEnv.sources]).toEqual(["/from-env", "127.0.0.1:2222", fromFile.sources])
    const fromFlags = loadConfig({ data: "/from-flag", listen: "127.0.0.1:3333" }, more)
    expect([fromFlags.data, fromFlags.listen]).toEqual(["/from-flag", "127.0.0.1:3333"])
  })

  it("keeps data where the system keeps data", async () => {
    const env = await home()
    const expected =
      os.userInfo().uid === 0 ? "/var/lib/fleet-ledger" : path.join(os.homedir(), ".local/share/fleet-ledger")
    expect(loadConfig({}, env).data).toBe(expected)
    expect(loadConfig({}, { ...env, XDG_DATA_HOME: "/xdg" }).data).toBe("/xdg/fleet-ledger")
  })

  it("takes a variable that is empty for one that is not set", async () => {
    const nothing = { FLEET_LEDGER_CONFIG: "", FLEET_LEDGER_DATA: "", FLEET_LEDGER_LISTEN: "", XDG_DATA_HOME: "" }
    const env = await home("listen: 127.0.0.1:1111")
    expect(loadConfig({}, { ...env, ...nothing })).toEqual(loadConfig({}, env))
  })

  it("looks only below an absolute path, as XDG has it", async () => {
    const env = await home()
    const relative = { XDG_CONFIG_HOME: path.relative("", env["XDG_CONFIG_HOME"] ?? ""), XDG_DATA_HOME: "here" }
    await fs.writeFile(path.join(env["XDG_CONFIG_HOME"] ?? "", "fleet-ledger", "config.yaml"), "listen: 127.0.0.1:1111")
    expect(loadConfig({}, relative)).toMatchObject({ listen: "127.0.0.1:7400", data: loadConfig({}, {}).data })
  })

  it("fills in what a policy leaves open", async () => {
    const { policy } = loadConfig({}, await home("policy: { bands: { warning: 60 } }"))
    expect(policy).toEqual({ ...defaultPolicy, bands: { ...defaultPolicy.bands, warning: 60 } })
  })

  it.each([
    ["sources: [{name: here, kind: lokal}]", "sources.0.kind"],
    ["sources: [{name: Here, kind: local}]", "a name of lower-case letters"],
    ["discovery: {every: 10ms}", "a duration of at least a second"],
    ["policy: {retireAfterLooks: 0}", "policy.retireAfterLooks"],
    ["policy: {bands: {hot: 1}}", 'there is no key "policy.bands.hot"'],
    ["policy: {bands: {warnin: 1}}", 'there is no key "policy.bands.warnin"; did you mean "warning"?'],
    ["policy: {roles: [{match: {name: 'web-*'}, role: prod}]}", "policy.roles.0.role"],
    ["policy: {tags: [{match: {nam: 'web-*'}, tags: [web]}]}", 'there is no key "policy.tags.0.match.nam"'],
    ["discovery: {evry: 5m}", 'there is no key "discovery.evry"; did you mean "every"?'],
    ["sources: [{name: a, kind: local, evry: 5m}]", 'there is no key "sources.0.evry"; did you mean "every"?'],
  ])("%s is refused, saying where and what is allowed", async (yaml, sentence) => {
    const env = await home(yaml)
    expect(() => loadConfig({}, env)).toThrow(sentence)
  })
})

describe("a channel to mailboxes", () => {
  const mail = (more: string) =>
    `alerts: {channels: [{name: mail, kind: email, from: fleet@example.org, to: [ops@example.org], ${more}}]}`

  it("speaks TLS, on the port that is usual for it, unless the server is on this machine or it is told not to", async () => {
    const chosen = async (more: string) => loadConfig({}, await home(mail(more))).alerts.channels[0]
    expect(await chosen("host: smtp.example.org")).toMatchObject({ security: "starttls", port: 587 })
    expect(await chosen("host: smtp.example.org, security: tls")).toMatchObject({ port: 465 })
    expect(await chosen("host: smtp.example.org, security: none")).toMatchObject({ port: 25 })
    expect(await chosen("host: 127.0.0.1, port: 2525")).toMatchObject({ security: "none", port: 2525 })
  })

  it.each([
    ["host: smtp.example.org, security: none, user: a, password: 'env:P'", "a password goes over TLS"],
    ["host: smtp.example.org, user: a", "user and password go together"],
    ["host: smtp.example.org, user: a, password: hunter2", "env:NAME or file:PATH"],
    [String.raw`host: "a b"`, "the name or the address of a mail server"],
  ])("with %s is refused", async (more, sentence) => {
    const env = await home(mail(more))
    expect(() => loadConfig({}, env)).toThrow(sentence)
  })
})

describe("the ledger's engine", () => {
  const cluster =
    "ledger: { engine: eventstoredb, address: 'esdb://10.0.0.1:2113', user: admin, password: 'env:PASSWORD' }"

  it("is SQLite unless another is chosen", async () => {
    expect(loadConfig({}, await home()).ledger).toEqual({ engine: "sqlite" })
    expect(loadConfig({}, await home(cluster)).ledger).toMatchObject({ engine: "eventstoredb", user: "admin" })
  })

  it("makes this machine a source by its own name, as every instance has one", async () => {
    const [source] = loadConfig({}, await home(cluster)).sources
    expect(source).toEqual({ name: expect.stringMatching(/^[a-z0-9][a-z0-9._-]*$/), kind: "local" })
    expect(source?.name).not.toBe("here")
    const named = loadConfig({}, await home(`${cluster}\nsources: [{name: me, kind: local}]`))
    expect(named.sources.map(({ name }) => name)).toEqual(["me"])
  })

  it("has its password elsewhere, and says so to whoever writes it down", async () => {
    const env = await home(cluster.replace("env:PASSWORD", "hunter2"))
    expect(() => loadConfig({}, env)).toThrow(/"ledger.password" is wrong: env:NAME or file:PATH/)
    expect(() => loadConfig({}, env)).not.toThrow(/hunter2/)
  })
})

describe("a secret", () => {
  it("is in a variable, or in a file, of which the last line's end is not part", async () => {
    const file = path.join(await tempFolder(), "secret")
    await fs.writeFile(file, " s3cret \n")
    expect(readSecret("env:IT", "it", { IT: "there" })).toBe("there")
    expect(readSecret(`file:${file}`, "it")).toBe(" s3cret ")
  })

  it.each([
    ["env:NOWHERE", /the password is to be in the variable NOWHERE, which is not set/],
    ["file:/nowhere/at/all", /the password cannot be read from \/nowhere\/at\/all/],
  ])("that is not at %s is missed by name", (reference, message) => {
    expect(() => readSecret(reference, "the password", {})).toThrow(message)
  })
})

describe("the folder of the signing key", () => {
  const keysWith = (keys: string, data = "/srv/fleet/data") => loadConfig({ data }, { FLEET_LEDGER_KEYS: keys }).keys

  it("is where configuration is, unless it is named", async () => {
    const env = await home()
    expect(loadConfig({}, env).keys).toBe(path.join(env["XDG_CONFIG_HOME"] ?? "", "fleet-ledger"))
    expect(loadConfig({}, await home("keys: /srv/keys")).keys).toBe("/srv/keys")
    expect(loadConfig({}, { ...(await home("keys: /srv/keys")), FLEET_LEDGER_KEYS: "/run/keys" }).keys).toBe(
      "/run/keys",
    )
  })

  it("is never the data folder, or within it", () => {
    for (const keys of ["/srv/fleet/data", "/srv/fleet/data/", "/srv/fleet/data/keys", "/srv/fleet/keys/../data/a/b"]) {
      expect(() => keysWith(keys)).toThrow(/the signing key must not lie in the data folder/)
    }
  })

  it("may lie beside the data folder, or above it", () => {
    for (const keys of ["/srv/fleet/data-keys", "/srv/fleet/keys", "/srv/fleet", "/"]) expect(keysWith(keys)).toBe(keys)
  })
})

describe("a scan", () => {
  const scan = (more = "") => `{kind: trivy, file: /r.json${more}}`
  const local = (scans: string) => `sources: [{name: me, kind: local, scans: [${scans}]}]`
  const ssh = (target: string) =>
    `sources: [{name: lab, kind: ssh, hosts: [web], scans: [${scan(`, target: ${target}`)}]}]`

  it("counts for a week unless it is said", async () => {
    const [source] = loadConfig({}, await home(local(scan()))).sources
    expect(source).toMatchObject({ scans: [{ kind: "trivy", file: "/r.json", maxAge: 7 * 86_400_000 }] })
    expect(loadConfig({}, await home(ssh("web"))).sources[0]).toMatchObject({ scans: [{ target: "web" }] })
  })

  it("is of a host that is looked at, and one of each scanner", async () => {
    const refused = async (yaml: string, why: RegExp) => {
      const env = await home(yaml)
      expect(() => loadConfig({}, env)).toThrow(why)
    }
    await refused(ssh("wbe"), /a scan's target has to be one of the hosts/)
    await refused(local(`${scan()}, ${scan()}`), /one report of each scanner/)
    await refused(local(scan(", kindle: x")), /there is no key "sources.0.scans.0.kindle"; did you mean "kind"/)
  })
})
