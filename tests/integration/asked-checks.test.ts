/** Checks that are asked of machines by the sources that look at them: containers of a real engine; units and programs over a real sshd, and on this machine. */
import * as fs from "node:fs"
import * as path from "node:path"
import { dockerSource } from "#discovery/sources/docker.js"
import { localSource } from "#discovery/sources/local.js"
import type { Source } from "#discovery/observation.js"
import { type Fleet, openFleet } from "#fleet.js"
import { systemClock } from "#kernel/clock.js"
import { type Ask, asker } from "#tests/support/asker.js"
import { DockerEngine, dockerEnginesCanBeStarted } from "#tests/support/docker-engine.js"
import { configIn } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { SshFleet, type SshdHost, sshFleetsCanBeMade, sshHostsCanBeApart } from "#tests/support/ssh-fleet.js"
import { sshLooks } from "#tests/support/ssh-looks.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import { sharedByTests, whenFinished } from "#tests/support/when-finished.js"
import { beforeAll, describe, expect, it } from "vitest"

interface Answer extends Record<string, unknown> {
  readonly runs: { readonly result: string; readonly detail: string | null }[]
}

async function fleetOf(sources: readonly Source[], configuration: object): Promise<Fleet> {
  const config = configIn(await tempFolder(), JSON.stringify(configuration))
  const fleet = await openFleet(config, systemClock, { sources })
  whenFinished(() => fleet.close())
  return fleet
}

/** What checks say of each place, when they are run now. */
async function results(ask: Ask<Answer>, name?: string): Promise<unknown> {
  const { runs } = await ask("checks run", name === undefined ? {} : { name })
  return runs.map(({ result, detail }) => (detail === null ? result : `${result}: ${detail}`))
}

describe.runIf(dockerEnginesCanBeStarted())("a check of containers", () => {
  it("says what their engine says now: that they run, and how their own health check finds them", async () => {
    const engine = await DockerEngine.start()
    whenFinished(() => engine.stop())
    const overSsh = () => ({ connect: () => Promise.reject(new Error("nobody is at the other end")) })
    const source = dockerSource(
      "engine",
      { host: `unix://${engine.socket}` },
      { clock: systemClock, overSsh, patienceMs: 2_000 },
    )
    const check = { name: "health", kind: "docker", where: "runtime:docker", retries: 1 }
    const fleet = await fleetOf([source], { checks: [check] })
    const ask = asker<Answer>(fleet)
    const Test = ["CMD", "sh", "-c", "test -e /ok || { echo 'no \u001b[31mok'; exit 1; }"]
    const Healthcheck = { Test, Interval: 100_000_000, Retries: 1 }
    const container = await engine.run("web", {
      Healthcheck,
      StopSignal: "SIGKILL",
      HostConfig: { RestartPolicy: { Name: "always" } },
    })
    const isSaid = async (health: string) =>
      until(async () => (await container.inspect()).State.Health?.Status === health)
    await isSaid("unhealthy")
    await ask("discover")
    expect(await results(ask)).toEqual(["failing: its container is unhealthy: no \uFFFD[31mok"])
    await engine.docker
      .getContainer("web")
      .exec({ Cmd: ["touch", "/ok"] })
      .then((exec) => exec.start({}))
    await isSaid("healthy")
    expect(await results(ask)).toEqual(["passing"])
    await container.stop()
    expect(await results(ask)).toEqual(["failing: its container is exited, and ended with 137"])
    await engine.remove("web")
    expect(await results(ask)).toEqual([
      "unknown: its container is there no more; the next look finds what took its place",
    ])
    await engine.run("web")
    await ask("discover")
    expect(await results(ask)).toEqual(["passing"])
    engine.freeze()
    const [silent] = (await results(ask)) as string[]
    engine.thaw()
    expect(silent).toMatch(/^unknown: the Docker Engine at .*: no answer within/)
  })
})

/** Answers as systemctl does, from files that say what each unit is. */
const systemctl = `#!/bin/sh
for unit; do :; done
case $unit in
  broken.service) printf 'LoadState=loaded\\nActiveState=failed\\nSubState=failed\\nResult=exit-code\\n' ;;
  host1.service) printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\nResult=success\\n' ;;
  slow.service) printf 'LoadState=loaded\\nActiveState=activating\\nSubState=start\\nResult=success\\n' ;;
  idle.timer) printf 'LoadState=loaded\\nActiveState=inactive\\nSubState=dead\\nResult=success\\n' ;;
  none.service) printf 'LoadState=not-found\\nActiveState=inactive\\nSubState=dead\\n' ;;
  *) echo 'System has not been booted with systemd' >&2; exit 1 ;;
esac
`

describe.runIf(sshFleetsCanBeMade() && sshHostsCanBeApart())("over ssh", () => {
  let host: SshdHost
  let sourceOf: () => Source

  beforeAll(() =>
    sharedByTests(async () => {
      const hosts = await SshFleet.start(1, { apart: true })
      host = hosts.hosts[0] as SshdHost
      sourceOf = () => sshLooks(hosts)()
      const file = path.join(hosts.folder, "systemctl")
      fs.writeFileSync(file, systemctl, { mode: 0o755 })
      host.run("mount", "--bind", file, "/usr/bin/systemctl")
    }),
  )

  async function asked(checks: readonly object[], commands: object = {}): Promise<Ask<Answer>> {
    const all = checks.map((check, index) => ({ name: `c${index}`, where: "name:host1", retries: 1, ...check }))
    const ask = asker<Answer>(await fleetOf([sourceOf()], { checks: all, checking: { commands } }))
    await ask("discover")
    return ask
  }

  it("a check of a unit says what systemd says of it", async () => {
    const units = ["{name}", "broken", "slow", "none", "other"].map((name) => `${name}.service`)
    const ask = await asked([...units, "idle.timer"].map((unit) => ({ kind: "systemd", unit })))
    expect(await results(ask)).toEqual([
      "passing",
      "failing: it is failed (failed): exit-code",
      "unknown: it is activating (start)",
      "failing: there is no such unit",
      "unknown: System has not been booted with systemd",
      "failing: it is inactive (dead)",
    ])
  })

  it("a check runs a program by its arguments as they stand, and reads no more than a line of what it says", async () => {
    const text = "it's $HOME; exit 8 `id` *"
    const commands = {
      fine: ["true"],
      words: ["sh", "-c", 'printf "%s" "$1"; exit 9', "sh", text],
      three: ["sh", "-c", "printf '\\n\\033[31mdisk: bad\\nsecond'; exit 3"],
      much: ["sh", "-c", "yes 2>/dev/null | head -c 3000000"],
      nothing: ["/nowhere/program"],
      reads: ["cat"],
    }
    const checks = Object.keys(commands).map((command) => ({ kind: "command", command }))
    const ask = await asked([...checks, { kind: "command", command: "three", expect: { exit: [0, 3] } }], commands)
    const logins = host.logins
    const [fine, words, three, much, nothing, reads, expected] = (await results(ask)) as string[]
    expect([fine, much, reads, expected]).toEqual(["passing", "passing", "passing", "passing"])
    expect(words).toBe(`failing: it ends with 9: ${text}`)
    expect(three).toBe("failing: it ends with 3: \uFFFD[31mdisk: bad")
    expect(nothing).toMatch(/^failing: it ends with 127: .*nowhere/)
    // On the connection that looks have.
    expect(host.logins).toBe(logins)
  })

  it("a program that does not end is killed there, and the connection stays", async () => {
    const ask = await asked([{ kind: "command", command: "hangs", timeout: "1s" }], { hangs: ["sleep", "300"] })
    const [logins, sleeping] = [host.logins, host.running("sleep")]
    expect(await results(ask)).toEqual(["failing: it was killed, or did not end within 1 s"])
    expect((await ask("discover"))["changes"]).toBe(0)
    expect([host.logins, host.running("sleep")]).toEqual([logins, sleeping])
  })

  it("nothing is known where the host cannot be reached", async () => {
    const ask = await asked([{ kind: "command", command: "fine" }], { fine: ["true"] })
    await host.killSshd()
    const [result] = (await results(ask)) as string[]
    host.startSshd()
    expect(result).toMatch(/^unknown: .*host1/)
  })
})

describe("on this machine", () => {
  it("a program is run as on any other", async () => {
    const commands = { fine: ["sh", "-c", "exit 0"], bad: ["sh", "-c", "echo no; exit 4"], hangs: ["sleep", "9"] }
    const checks = Object.keys(commands).map((command) => ({
      name: command,
      kind: "command",
      command,
      where: "name:*",
      retries: 1,
      timeout: "1s",
    }))
    const fleet = await fleetOf([localSource("here")], { checks, checking: { commands } })
    const ask = asker<Answer>(fleet)
    await ask("discover")
    expect(await results(ask)).toEqual([
      "passing",
      "failing: it ends with 4: no",
      "failing: it was killed, or did not end within 1 s",
    ])
  })

  it.each([
    [{ kind: "command", command: "smrat", where: "name:*" }, /did you mean "smart"/],
    [{ kind: "command", command: "smart" }, /say in the query language where it is run/],
    [{ kind: "command", command: ["rm"], where: "name:*" }, /command/],
    [{ kind: "systemd", unit: "{address}.service", where: "name:*" }, /\{name\}, \{host\} are/],
    [{ kind: "systemd", unit: "a b.service", where: "name:*" }, /the name of a unit/],
    [{ kind: "docker", where: "runtime:docker", of: "target" }, /of/],
  ])("a check that says too little, or too much, is refused: %j", async (check, message) => {
    const config = {
      checks: [{ name: "it", ...check }],
      checking: { commands: { smart: ["smartctl", "-H", "/dev/sda"] } },
    }
    const refusal = await refusalOf(async () => configIn(await tempFolder(), JSON.stringify(config)))
    expect(refusal).toMatchObject({ code: "InvalidConfig", message: expect.stringMatching(message) })
  })
})
