/** What people install: the npm package, the unit of systemd, the files of compose. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { notified } from "#tests/support/notified.js"
import { freePort } from "#tests/support/free-port.js"
import { startServer } from "#tests/support/program.js"
import { needs } from "#tests/support/real-parts.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
}

describe("the npm package", () => {
  it("is what was built and its README, and runs where only what it depends on is there", async () => {
    const folder = await tempFolder()
    const printed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      encoding: "utf8",
    })
    const [packed] = JSON.parse(printed) as readonly [Packed]
    const besides = packed.files.map((file) => file.path).filter((file) => !file.startsWith("dist/"))
    expect(besides.toSorted()).toEqual(["README.md", "SECURITY.md", "package.json"])
    expect(packed.files.some((file) => /\.(?:ts|test\.js)$/.test(file.path))).toBe(false)

    const modules = path.join(folder, "node_modules")
    const own = path.join(modules, "fleet-ledger")
    await fs.mkdir(own, { recursive: true })
    execFileSync("tar", ["-xzf", path.join(folder, packed.filename), "-C", own, "--strip-components=1"])
    const { dependencies } = JSON.parse(await fs.readFile("package.json", "utf8")) as Manifest
    for (const name of Object.keys(dependencies)) {
      await fs.mkdir(path.dirname(path.join(modules, name)), { recursive: true })
      await fs.symlink(path.resolve("node_modules", name), path.join(modules, name))
    }
    const run = (...args: readonly string[]) =>
      execFileSync(process.execPath, [path.join(own, "dist/bin/main.js"), ...args], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: folder },
      })
    expect(run("discover")).toMatch(/^looked at here: 1 target/)
    expect(run("verify")).toMatch(/^verified: /)
  })
})

describe("the unit of systemd", () => {
  it.runIf(needs("systemd-analyze"))("is one, and exposes little", () => {
    const analyze = (...args: readonly string[]) =>
      execFileSync("systemd-analyze", [...args, "docker/fleet-ledger.service"], { encoding: "utf8", stdio: "pipe" })
    expect(analyze("verify")).toBe("")
    const [, exposure = "10"] = /exposure level for \S+: ([\d.]+)/.exec(analyze("security", "--offline=true")) ?? []
    expect(Number(exposure)).toBeLessThan(2.5)
  })

  it.runIf(needs("systemd-notify") && needs("python3"))(
    "is told when it serves, again and again that it is alive, and when it ends",
    async () => {
      const folder = await tempFolder()
      const heard = await notified(path.join(folder, "notify"))
      const env = { NOTIFY_SOCKET: heard.socket, WATCHDOG_USEC: "200000" }
      const server = await startServer(await freePort(), { data: path.join(folder, "data"), env })
      await until(() => heard.messages().filter((message) => message === "WATCHDOG=1").length >= 2)
      await server.stop()
      await until(() => heard.messages().includes("STOPPING=1"))
      expect(heard.messages()[0]).toBe("READY=1")
    },
  )
})

describe("the files of compose", () => {
  it.runIf(needs("docker-compose")).each(["compose.yaml", "compose.cluster.yaml"])("%s is understood", (file) => {
    const printed = execFileSync("docker-compose", ["-f", `docker/${file}`, "config", "--services"], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], LEDGER_PASSWORD: "of a trial" },
      stdio: "pipe",
    })
    expect(printed).toMatch(/fleet-ledger|reader-1/)
  })
})
