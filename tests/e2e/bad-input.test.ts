/** Whatever is asked wrongly gets one clear sentence and exit code 2, and changes nothing. */
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import Database from "better-sqlite3"
import { beforeAll, describe, expect, it } from "vitest"
import { freePort } from "#tests/support/free-port.js"
import { type Options, answer, fleetLedger, ran, startServer } from "#tests/support/program.js"
import { tempFolder } from "#tests/support/temp-folder.js"

const inFolder = async (): Promise<Options> => ({ data: `${await tempFolder()}/data` })

interface Status {
  readonly ledger: { readonly events: number }
}

describe("a question that cannot be answered", () => {
  let options: Options
  let before: number
  const events = async () => (await answer<Status>(["status"], options)).ledger.events
  beforeAll(async () => {
    options = { data: path.join(await fs.mkdtemp(path.join(os.tmpdir(), "fleet-ledger-")), "data") }
    // The first of all answers before what is adopted from the configuration is in the ledger.
    await answer(["status"], options)
    before = await events()
    return () => fs.rm(path.dirname(options.data), { recursive: true })
  })

  it.each([
    [["targets", "--at", "soon"], /"soon" is not a point in time; allowed are now, /],
    [["targets", "--at", "2999-01-01"], /is in the future; now is /],
    [["targets", "--at", "2001-01-01"], /is before this ledger; it begins at /],
    [["targets", "--at", "position:99999"], /position 99999 is not recorded yet; the last is position:\d+/],
    [["targets", "--at", "run:nightly"], /no run "nightly" is recorded; none is recorded yet/],
    [["snapshot", "create", "a b"], /"name" is wrong: letters, digits and/],
    [["show", "nobody"], /nothing is called "nobody"/],
    [["discover", "hree"], /there is no source "hree"; did you mean "here"\?/],
    [["targets", "--limit", "0"], /"limit" is wrong: /],
    [["diff", "position:0", "--by", "entty"], /"by" cannot be "entty"; did you mean "entity"\? It is one of /],
    [["archive", "create"], /"archive create" needs "before": The point in time up to which events go/],
    [["role", "set", os.hostname(), "lob"], /"role" cannot be "lob"; did you mean "lab"\? It is one of /],
    [["token", "create", "a", "--scope", "x"], /"scope" cannot be "x"; it is one of read, operate, admin/],
    [["identity", "unlink", "web-1"], /"record" is wrong: an id, like /],
    [["--output", "json", "targets"], /--output stands behind the command, as in "fleet-ledger targets --output json"/],
    [["targets", "-statu:healthy"], /has no field "statu"; did you mean "status"\?/],
    [["archive", "attach", "nothing.fla"], /nothing\.fla cannot be opened/],
    [["targets", "--cursor", "xyz"], /"cursor" is not one that this server gave/],
    [["diff", "now", "--to", "now"], /unknown option '--to'/],
    [["token", "create", "a b"], /"name" is wrong: letters, digits/],
    [["token", "create", "a", "--expires", "forever"], /"expires" is "forever"; allowed is/],
    [["token", "revoke", "nothing"], /no living token is called "nothing"/],
    [["targts"], /unknown command 'targts'; did you mean targets\?/],
    [["targets", "--retierd"], /unknown option '--retierd'; did you mean --retired\?/],
    [["targets", "--limit", "many"], /"limit" is wrong: a whole number from 1 to 1000/],
    [["show", ""], /"entity" is wrong: a name or an id/],
    [["show", os.hostname(), "--facets", "os,pakages"], /there is no facet "pakages"; did you mean "packages"\?/],
    [["targets", "--data", ""], /the data folder has no name/],
    [["targets", "--data", `/tmp/${"x".repeat(120)}`], /the data folder's path is too long: .* bytes at most/],
    [["targets", "--server", "nowhere"], /"nowhere" is not a server's address/],
    [["targets", "--server", "http://127.0.0.1:1"], /asking a server needs its token/],
  ])("%j", async (args, sentence) => {
    const { code, stdout, stderr } = await ran(args, options)
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toMatch(sentence)
    expect(stderr).toMatch(/^fleet-ledger: [^\n]+\n$/)
  })

  it("has changed nothing, whichever it was of these", async () => {
    expect(await events()).toBe(before)
  })
})

describe("a query that begins with what is not to be so", () => {
  it("is no flag, wherever it stands", async () => {
    const options = await inFolder()
    for (const args of [
      ["count", "-status:healthy", "--by", "os", "--output", "json"],
      ["count", "--by", "os", "--output", "json", "--", "-status:healthy"],
      ["pin", "golden", "--q", "-name:web"],
    ])
      expect(await ran(args, options)).toMatchObject({ code: 0, stderr: "" })
    expect(await answer(["baselines"], options)).toMatchObject({ items: [{ where: "-name:web" }] })
  })
})

describe("a token that stands in a file", () => {
  it("is shown to the server, unless others may read the file", async () => {
    const options = await inFolder()
    const port = await freePort()
    await startServer(port, options)
    const { secret } = await answer<{ secret: string }>(["token", "create", "program", "--scope", "admin"], options)
    const file = `${options.data}-token`
    await fs.writeFile(file, `${secret}\n`, { mode: 0o600 })
    const there = { data: `${await tempFolder()}/none`, env: { FLEET_LEDGER_TOKEN_FILE: file } }
    const server = ["--server", `http://127.0.0.1:${port}`]
    const ask = ["targets", ...server]
    expect(await ran(ask, there)).toMatchObject({ code: 0 })
    // Another machine's folders are not those of whoever asks.
    const attach = await ran(["archive", "attach", "nothing.fla", ...server], there)
    expect(attach.stderr).toContain("say the whole path")
    await fs.chmod(file, 0o644)
    const refused = await ran(ask, there)
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("others may read the token")])
  })
})

describe("a configuration that is wrong", () => {
  it.each([
    ["lisen: 127.0.0.1:7400", /there is no key "lisen"; did you mean "listen"\?/],
    [
      "sources: []",
      /config\.yaml:1:1: "sources" is wrong: at least one; this machine is looked at where it is left out/,
    ],
    ["listen: 0.0.0.0:7400\nsources: 7", /config\.yaml:2:1: "sources" is wrong/],
    [
      "policy:\n  health:\n    weigths: {}",
      /config\.yaml:3:5: there is no key "policy\.health\.weigths"; did you mean "weights"\?/,
    ],
    [
      "sources:\n  - name: a\n    kind: dokcer",
      /config\.yaml:3:5: "sources\.0\.kind" is wrong: .*; did you mean "docker"\?/,
    ],
    [
      "alerts: {rules: [{name: a, on: [ServiceStateChangd]}]}",
      /config\.yaml:1:\d+: .*; did you mean "ServiceStateChanged"\?/,
    ],
    ["a: [1\nb", /config\.yaml:\d+:\d+ is not YAML/],
    ["sources: [{name: a, kind: local}, {name: a, kind: local}]", /two sources are called "a"/],
    ["a: *nobody", /config\.yaml is not YAML: Unresolved alias/],
    ["listen: a\n---\nlisten: b", /config\.yaml:2:1 is not YAML: Source contains multiple documents\n$/],
    ["discovery: {every: 5}", /"discovery\.every" is wrong/],
    ["- 1", /must hold keys and values/],
  ])("%j", async (text, sentence) => {
    const options = await inFolder()
    const file = path.join(path.dirname(options.data), "config.yaml")
    await fs.writeFile(file, text)
    const { code, stderr } = await ran(["targets", "--config", file], options)
    expect(stderr).toMatch(sentence)
    expect([code, stderr.split("\n").length]).toEqual([2, 2])
    await expect(fs.access(options.data)).rejects.toThrow()
  })

  it.each([
    ["0.0.0.0:7400", "other addresses than loopback need"],
    ["127.999.0.1:7400", "other addresses than loopback need"],
    ["127.0.0.1:70000", "a port is a number from 1 to 65535"],
    ["7400", "host:port, like 127.0.0.1:7400"],
  ])("is refused when it would listen on %s", async (listen, sentence) => {
    const { code, stderr } = await fleetLedger(["serve", "--listen", listen], await inFolder())
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^fleet-ledger: [^\n]+\n$/)])
    expect(stderr).toContain(sentence)
  })
})

describe("a data folder that cannot be used", () => {
  it.each(["/proc/nope", "/etc/passwd", "/etc/passwd/data"])("is named, with what to do: %s", async (folder) => {
    const { code, stderr } = await ran(["targets", "--data", folder], await inFolder())
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^fleet-ledger: the data folder \S+ cannot be used: .*; choose another with --data\n$/),
    ])
  })

  it("is named when another thing lies where its lock would be", async () => {
    const options = await inFolder()
    await fs.mkdir(path.join(options.data, "lock"), { recursive: true })
    const { code, stderr } = await ran(["targets"], options)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^fleet-ledger: the data folder [^\n]+\n$/)])
  })

  it("is left as it is when a newer version wrote its ledger", async () => {
    const options = await inFolder()
    await answer(["discover"], options)
    const file = path.join(options.data, "ledger.db")
    const db = new Database(file)
    db.pragma("user_version = 99")
    db.pragma("wal_checkpoint(TRUNCATE)")
    db.close()
    const before = await fs.readFile(file)
    const { code, stderr } = await ran(["discover"], options)
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/has version 99 .*Use the newer program; the file was left untouched\n$/),
    ])
    expect((await fs.readFile(file)).equals(before)).toBe(true)
  })
})
