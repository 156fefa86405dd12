/** What one does with backups, as one does it: beside a server that is written to as fast as it goes, put back on an empty disk, and onto a ledger that went on. */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { freePort } from "#tests/support/free-port.js"
import { often } from "#tests/support/often.js"
import { type Options, answer, fleetLedger, ran, startServer } from "#tests/support/program.js"
import { storedIn } from "#tests/support/stored-events.js"
import { writeWhole } from "#tests/support/write-whole.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"

const drills = often(1, 30)

interface Listed {
  readonly items: readonly { readonly name: string; readonly tags: readonly string[] }[]
}

/** What `backup` and `restore` say. */
const said = (text: string) => /(\d+) events.*root ([A-Za-z0-9+/]{43}=)/.exec(text)?.slice(1)

describe("a drill with backups", () => {
  it(`of ${drills} that were made under load`, { timeout: 60_000 + drills * 30_000 }, async () => {
    const folder = await tempFolder()
    const config = path.join(folder, "config.yaml")
    const hosts = path.join(folder, "hosts.yaml")
    const names = Array.from({ length: 40 }, (_, n) => `web-${n}`)
    const say = (version: number) =>
      writeWhole(hosts, `hosts:\n${names.map((name) => `  - name: ${name}\n    owner: v${version}\n`).join("")}`)
    say(0)
    fs.writeFileSync(config, `sources:\n  - name: racks\n    kind: file\n    path: ${hosts}\n    every: 1s\n`)
    const options: Options = { data: path.join(folder, "data"), env: { FLEET_LEDGER_CONFIG: config } }
    const server = await startServer(await freePort(), options)
    await answer(["discover"], options)

    let looks = 0
    const over = new AbortController()
    const loading = (async () => {
      while (!over.signal.aborted) {
        say(++looks)
        await answer(["discover"], options)
      }
    })()
    const claims: string[][] = []
    for (let drill = 0; drill < drills; drill++) {
      const before = looks
      await until(() => looks > before)
      const made = await fleetLedger(["backup", path.join(folder, `backup-${drill}.db`)], options)
      claims.push(said(made.stdout) as string[])
      expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^copied and verified/) })
    }
    // The ledger goes on behind the last of them, too.
    const last = looks
    await until(() => looks > last + 1)
    over.abort()
    await loading
    const { items: went } = await answer<Listed>(["targets"], options)
    expect(await server.stop()).toBe(0)
    const written = storedIn(options)

    for (const [drill, claim] of claims.entries()) {
      const elsewhere: Options = {
        ...options,
        data: path.join(folder, `elsewhere-${drill}`),
      }
      // Of the key as well it is a copy that is put there: it remembers what it has signed.
      fs.cpSync(`${options.data}-keys`, `${elsewhere.data}-keys`, { recursive: true })
      const { stdout, stderr } = await fleetLedger(
        ["restore", path.join(folder, `backup-${drill}.db`), "--reason", "a drill"],
        elsewhere,
      )
      expect([stderr, said(stdout)]).toEqual(["", claim])
      const size = Number(claim[0])
      const there = storedIn(elsewhere)
      expect(there.slice(0, size)).toEqual(written.slice(0, size))
      // The ledger went on since, and was signed: that is lost there, and it says so.
      expect(stdout).toMatch(/\d+ signed events are lost, and the ledger says so/)
      expect(there.map(({ type }) => type).slice(size)).toEqual(["LedgerRestored", "LedgerCheckpointed"])
      expect((await ran(["verify"], elsewhere)).stdout).toMatch(/^verified/)
      const { items } = await answer<Listed>(["targets", "--at", `position:${size - 1}`], elsewhere)
      const then = await answer<Listed>(["targets", "--at", `position:${size - 1}`], options)
      expect(items).toEqual(then.items)
      expect((await ran(["rebuild"], elsewhere)).stdout).toContain("equal to the views")
    }

    // Onto the ledger itself: all that came after the backup is lost, and kept beside it.
    const [claim] = claims as [string[]]
    const back = await fleetLedger(["restore", path.join(folder, "backup-0.db"), "--reason", "it went wrong"], options)
    expect([said(back.stdout), back.stdout]).toEqual([
      claim,
      expect.stringMatching(/the ledger that was there is .*\.before-/),
    ])
    expect((await ran(["verify"], options)).code).toBe(0)
    expect(went).toHaveLength(names.length)
  })
})
