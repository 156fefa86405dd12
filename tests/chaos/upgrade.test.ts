/**
 * Data folders as earlier versions wrote them are opened, verified and rebuilt, answer as they did then, and go on; `tests/fixtures/make.js` makes one of the present version. One of a later
 * version is left alone.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import Database from "better-sqlite3"
import { beforeAll, describe, expect, it } from "vitest"
import { freePort } from "#tests/support/free-port.js"
import { type Options, answer, fleetLedger, ran, startServer } from "#tests/support/program.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { sharedByTests } from "#tests/support/when-finished.js"

const fixtures = path.resolve("tests/fixtures")
const versions = fs.readdirSync(fixtures).flatMap((name) => (name.endsWith(".tar.xz") ? [name.slice(0, -7)] : []))

interface Fixture {
  readonly options: Options
  readonly events: number
  readonly root: string
  readonly secret: string
  readonly answers: readonly (readonly [question: string, said: { readonly at?: object }])[]
}

async function unpacked(version: string): Promise<Fixture> {
  const folder = await tempFolder()
  execFileSync("tar", ["-xJf", path.join(fixtures, `${version}.tar.xz`), "-C", folder])
  const config = path.join(folder, "config.yaml")
  fs.writeFileSync(config, "sources: [{ name: racks, kind: file, path: /nowhere }]\n")
  const then = JSON.parse(fs.readFileSync(path.join(folder, "answers.json"), "utf8")) as Omit<Fixture, "options">
  return { options: { data: path.join(folder, "data"), env: { FLEET_LEDGER_CONFIG: config } }, ...then }
}

describe.each(versions)("a data folder of %s", (version) => {
  let fixture: Fixture
  beforeAll(() => sharedByTests(async () => void (fixture = await unpacked(version))))

  it("is the ledger that it was", async () => {
    const { options, events, root } = fixture
    expect((await ran(["verify"], options)).stdout).toMatch(/^verified/)
    const { stdout } = await fleetLedger(["backup", `${options.data}-backup.db`], options)
    expect(stdout).toContain(`copied and verified ${events} events, root ${root}, to`)
  })

  it("answers as it did, also when it is rebuilt, and goes on", { timeout: 60_000 }, async () => {
    const { options, secret, answers } = fixture
    const port = await freePort()
    const server = await startServer(port, options)
    const headers = { authorization: `Bearer ${secret}` }
    for (const rebuilt of [false, true]) {
      if (rebuilt) expect((await ran(["rebuild"], options)).stdout).toContain("equal to the views")
      for (const [question, { at, ...said }] of answers) {
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/${question}`, { headers })
        // A later version may say more; what is not asked as of a point has been answered since.
        if (question.includes("at=")) Object.assign(said, { at })
        expect({ question, said: await response.json() }).toMatchObject({ question, said })
      }
    }
    const [{ name }] = (await answer<{ items: [{ name: string }] }>(["targets"], options)).items
    await answer(["tag", "add", name, "upgraded"], options)
    expect(await server.stop()).toBe(0)
    expect((await ran(["verify"], options)).stdout).toMatch(/^verified/)
  })
})

describe("a data folder of a later version", () => {
  it.each(["ledger", "ops", "views"])("is left as it is, which is said: its %s", async (store) => {
    const { options } = await unpacked(versions[0] as string)
    const file = path.join(options.data, `${store}.db`)
    const db = new Database(file)
    db.pragma("user_version = 99")
    db.pragma("wal_checkpoint(TRUNCATE)")
    db.close()
    const before = fs.readFileSync(file)
    const { code, stderr } = await ran(["targets"], options)
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /has version 99 of .*; this fleet-ledger knows \d+\. Use the newer program; the file was left untouched\n$/,
      ),
    ])
    expect(fs.readFileSync(file).equals(before)).toBe(true)
  })
})
