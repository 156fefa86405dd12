/** The container image, built by docker/Dockerfile from what is here and run by docker/compose.yaml on a real engine. */
import { execFileSync } from "node:child_process"
import { once } from "node:events"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { DockerEngine, dockerEnginesCanBeStarted } from "#tests/support/docker-engine.js"
import { importBuilt, importNodeBase } from "#tests/support/images.js"
import { needs } from "#tests/support/real-parts.js"
import { until } from "#tests/support/until.js"

/** It takes longer than one would wait for beside one's work. */
const isThorough = process.env["CI"] !== undefined || process.env["FLEET_LEDGER_REQUIRE_REAL"] === "1"
const canBeTried = isThorough && dockerEnginesCanBeStarted() && needs("docker-compose")

interface Answer {
  readonly items: readonly { readonly name: string; readonly kernel: string }[]
}

describe.runIf(canBeTried)("the container image", () => {
  let engine: DockerEngine
  const compose = (...args: readonly string[]) =>
    execFileSync("docker-compose", ["-f", "docker/compose.yaml", "-p", "trial", ...args], {
      env: { PATH: process.env["PATH"], DOCKER_HOST: `unix://${engine.socket}` },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    })
  const container = () => engine.docker.getContainer("trial_fleet-ledger_1")
  /** What the engine would find, twice a minute. */
  const isHealthy = async () => {
    const [, ...command] = (await container().inspect()).Config.Healthcheck?.Test ?? []
    const exec = await container().exec({ Cmd: command, AttachStdout: true })
    const output = await exec.start({})
    await once(output.resume(), "end")
    return (await exec.inspect()).ExitCode === 0
  }

  beforeAll(async () => {
    engine = await DockerEngine.start()
    await importBuilt(engine.docker, "built")
    await importNodeBase(engine.docker, "node-base", engine.folder)
    const images = ["BUILT=built", "BASE=node-base", "BUILD_BASE=node-base"].flatMap((arg) => ["--build-arg", arg])
    // Debian's client: it brings BuildKit, which leaves out the stage that `built` stands for.
    execFileSync("/usr/bin/docker", ["build", "-f", "docker/Dockerfile", "-t", "fleet-ledger", ...images, "."], {
      env: { PATH: process.env["PATH"], DOCKER_HOST: `unix://${engine.socket}`, DOCKER_BUILDKIT: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    })
    compose("up", "--detach", "--no-build")
  }, 120_000)
  afterAll(() => engine?.stop())

  it("is healthy soon, as nobody, without rights, on a root file system that is read-only", async () => {
    await until(isHealthy)
    const { Config, HostConfig } = await container().inspect()
    expect(Config.User).toBe("65534:65534")
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ["ALL"] })
    expect(Config.Labels["org.opencontainers.image.title"]).toBe("fleet-ledger")
  })

  it("knows the machine that it runs on, once it has looked", async () => {
    const known = () => {
      const answer = compose("exec", "-T", "fleet-ledger", "node", "dist/bin/main.js", "targets", "--output", "json")
      return (JSON.parse(answer) as Answer).items
    }
    await until(() => known().length > 0)
    expect(known()).toMatchObject([{ name: os.hostname(), kernel: os.release() }])
  })

  it("ends cleanly, and what it knew is there when it is started again", async () => {
    compose("stop")
    expect((await container().inspect()).State).toMatchObject({ ExitCode: 0 })
    compose("start")
    await until(isHealthy)
    const answer = compose("exec", "-T", "fleet-ledger", "node", "dist/bin/main.js", "history", "--output", "json")
    expect((JSON.parse(answer) as { readonly items: unknown[] }).items.length).toBeGreaterThan(0)
  })
})
