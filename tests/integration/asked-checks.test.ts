/** Checks that are asked of machines by the sources that look at them: containers of a real engine; units and programs over a real sshd, and on this machine. */
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
import { systemdCanBeStarted } from "#tests/support/systemd.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import { sharedByTests, whenFinished } from "#tests/support/when-finished.js"
import { beforeAll, describe, expect, it } from "vitest"

interface Answer extends Record<string, unknown> {
  readonly items: { readonly name: string; readonly status: string }[]
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

async function askedOf(source: Source, checks: readonly object[], commands: object = {}): Promise<Ask<Answer>> {
  const all = checks.map((check, index) => ({ name: `c${index}`, where: "name:host1", retries: 1, ...check }))
  const ask = asker<Answer>(await fleetOf([source], { checks: all, checking: { commands } }))
  await ask("discover")
  return ask
}

const hostsCanBeMade = sshFleetsCanBeMade() && sshHostsCanBeApart()

describe.runIf(hostsCanBeMade && systemdCanBeStarted())("a check of a unit", () => {
  /** Without the targets of a whole machine, which are not there. */
  const unit = (service: string) => `[Unit]\nDefaultDependencies=no\n[Service]\n${service}`
  const units = {
    "default.target": "[Unit]\nDefaultDependencies=no\nWants=host1.service broken.service",
    "host1.service": unit("ExecStart=/bin/sleep 600"),
    "broken.service": unit("Type=oneshot\nExecStart=/bin/sh -c 'exit 3'"),
    // It never says that it is ready.
    "slow.service": unit("Type=notify\nExecStart=/bin/sleep 600\nTimeoutStartSec=600"),
    "idle.service": unit("ExecStart=/bin/sleep 600"),
  }

  it("says what systemd says of it, which is what a look has seen", async () => {
    const fleet = await SshFleet.start(1, { apart: true, units })
    const [host] = fleet.hosts as [SshdHost]
    const is = (state: string, name: string) =>
      until(() =>
        host.run("sh", "-c", `systemctl show --property=ActiveState ${name} || :`).trim().endsWith(`=${state}`),
      )
    await is("active", "default.target")
    host.run("systemctl", "start", "--no-block", "slow.service")
    const names = ["{name}", "broken", "slow", "none", "idle"].map((name) => `${name}.service`)
    const ask = await askedOf(
      sshLooks(fleet)(),
      names.map((name) => ({ kind: "systemd", unit: name })),
    )
    const { items } = await ask("services", { q: "runtime:systemd" })
    expect(items.map(({ name, status }) => [name, status])).toEqual([
      ["broken", "failed"],
      ["host1", "running"],
      ["slow", "unknown"],
    ])
    const others = [
      "failing: it is failed (failed): exit-code",
      "unknown: it is activating (start)",
      "failing: there is no such unit",
      "failing: it is inactive (dead)",
    ]
    expect(await results(ask)).toEqual(["passing", ...others])
    host.run("systemctl", "kill", "--signal=KILL", "host1.service")
    await is("failed", "host1.service")
    expect(await results(ask)).toEqual(["failing: it is failed (failed): signal", ...others])
    host.run("systemctl", "restart", "host1.service")
    expect(await results(ask)).toEqual(["passing", ...others])
  })
})

describe.runIf(hostsCanBeMade)("over ssh", () => {
  let host: SshdHost
  let asked: (checks: readonly object[], commands?: object) => Promise<Ask<Answer>>

  beforeAll(() =>
    sharedByTests(async () => {
      const hosts = await SshFleet.start(1, { apart: true })
      host = hosts.hosts[0] as SshdHost
      asked = (...of) => askedOf(sshLooks(hosts)(), ...of)
    }),
  )

  it("nothing is known of units where no systemd runs", async () => {
    const ask = await asked([{ kind: "systemd", unit: "{name}.service" }])
    expect(await results(ask)).toEqual([
      "unknown: System has not been booted with systemd as init system (PID 1). Can't operate.",
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
