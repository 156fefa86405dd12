/** What opens doors, on this side and on a host, is in nothing that is stored, printed or logged: each secret is one that the looks come past. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { freePort } from "#tests/support/free-port.js"
import { answer, fleetLedger, startServer } from "#tests/support/program.js"
import { keyPair, SshFleet, sshFleetsCanBeMade } from "#tests/support/ssh-fleet.js"
import { sshProgram } from "#tests/support/ssh-program.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import type { Ended } from "#tests/support/warm-program.js"

const secrets = {
  passphrase: "Passphrase-5ae1",
  wrongPassphrase: "Passphrase-0000",
  inProgramEnvironment: "Environment-77c2",
  inSshConfiguration: "Commented-91b3",
  inArguments: "Argument-c04d",
  inEnvironment: "Variable-28fe",
}

interface Discovered {
  readonly runs: readonly { readonly outcome: string; readonly services: number }[]
}

describe.runIf(sshFleetsCanBeMade())("a secret", () => {
  it("is in no file, no answer and no log, whether looks succeed or fail", async () => {
    const fleet = await SshFleet.start(1)
    const [host] = fleet.hosts
    if (host === undefined) throw new Error("no hosts")
    const folder = await tempFolder()
    const key = path.join(fleet.home, ".ssh/id_ed25519")
    fs.writeFileSync(path.join(fleet.folder, "authorized_keys"), `${await keyPair(key, secrets.passphrase)}\n`)
    const passphrase = path.join(folder, "passphrase")
    fs.writeFileSync(passphrase, `${secrets.passphrase}\n`)
    const listener = ["-h", path.join(fleet.folder, "host1/key"), "-o", `ListenAddress=${host.address}:9999`]
    const withSecret = ["-o", `Banner=/${secrets.inArguments}`, "-o", "PidFile=/run/other.pid"]
    host.run(
      "env",
      `API_TOKEN=${secrets.inEnvironment}`,
      "/usr/sbin/sshd",
      "-f",
      "/dev/null",
      ...listener,
      ...withSecret,
    )
    const options = sshProgram(fleet, folder, {
      source: `    passphrase: file:${passphrase}\n`,
      ssh: `# the password is ${secrets.inSshConfiguration}\n#Password ${secrets.inSshConfiguration}`,
      env: { DEPLOY_TOKEN: secrets.inProgramEnvironment },
    })

    const printed: Ended[] = []
    const say = async (...args: string[]) => {
      const ended = await fleetLedger(args, options)
      printed.push(ended)
      return ended
    }
    expect((await answer<Discovered>(["discover"], options)).runs).toMatchObject([
      { outcome: "completed", services: 2 },
    ])
    fs.rmSync(passphrase)
    expect((await say("discover")).stdout).toContain("cannot be read")
    fs.writeFileSync(passphrase, secrets.wrongPassphrase)
    expect((await say("discover")).stdout).toContain("does not open with the passphrase")
    for (const args of [["show", os.hostname(), "--facets", "all"], ["history"], ["services"], ["status"]])
      expect(await say(...args, "--output", "json")).toMatchObject({ code: 0 })

    const server = await startServer(await freePort(), {
      ...options,
      env: { ...options.env, FLEET_LEDGER_LOG: "trace" },
    })
    await until(() => server.logged().includes("a look failed"))
    await server.stop()

    const stored = filesIn(folder).filter((file) => file !== passphrase)
    expect(stored.map((file) => path.basename(file))).toEqual(
      expect.arrayContaining(["ledger.db", "views.db", "ops.db"]),
    )
    const texts = stored.map((file) => fs.readFileSync(file, "latin1"))
    const kept = [...texts, JSON.stringify([printed, server.printed(), server.logged()])].join("\n")
    const [, privateHalf = ""] = fs.readFileSync(key, "utf8").split("\n")
    expect(privateHalf.length).toBeGreaterThan(60)
    for (const [name, secret] of Object.entries({ ...secrets, privateHalf }))
      expect([name, kept.includes(secret)]).toEqual([name, false])
  })
})

function filesIn(folder: string): readonly string[] {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}
