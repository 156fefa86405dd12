/** What the machine denies the program while it serves, it says, survives, and goes on from: room on the disk, open files, memory. */
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { freePort } from "#tests/support/free-port.js"
import { type Options, answer, fleetLedger, ran, startServer } from "#tests/support/program.js"
import { needs } from "#tests/support/real-parts.js"
import { canMount, smallDisk } from "#tests/support/small-disk.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"

interface Listed {
  readonly items: readonly { readonly name: string; readonly tags: readonly string[] }[]
}

const targets = (options: Options) => answer<Listed>(["targets"], options)

/** Takes all room that there is. */
function fill(file: string): void {
  const to = fs.openSync(file, "w")
  try {
    for (const piece of [Buffer.alloc(65_536), Buffer.alloc(512)]) {
      try {
        for (;;) fs.writeSync(to, piece)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
      }
    }
  } finally {
    fs.closeSync(to)
  }
}

describe.runIf(needs("the right to mount a small disk", canMount()))("a disk that is full", () => {
  it("refuses what would be written and says why; reads are answered; it is over when there is room", async () => {
    const disk = await smallDisk(24)
    const options = { data: path.join(disk, "data") }
    const server = await startServer(await freePort(), options)
    await until(async () => (await targets(options)).items.length > 0)
    const name = (await targets(options)).items[0]?.name ?? "no machine"

    const ballast = path.join(disk, "ballast")
    fill(ballast)
    const refusals: string[] = []
    await until(async () => {
      const { code, stderr } = await ran(["tag", "add", name, `tag-${refusals.length}`], options)
      if (code === 0) fill(ballast)
      else refusals.push(stderr)
      return refusals.length >= 2
    })
    for (const refusal of refusals) expect(refusal).toMatch(/the disk is full; free some space and it goes on/)
    expect((await targets(options)).items).toHaveLength(1)

    fs.rmSync(ballast)
    expect((await ran(["tag", "add", name, "after"], options)).code).toBe(0)
    expect((await targets(options)).items[0]?.tags).toContain("after")
    expect(await server.stop()).toBe(0)
    expect((await ran(["verify"], options)).stdout).toMatch(/^verified/)
  })
})

describe.runIf(needs("prlimit"))("too few open files", () => {
  it("cost those who come the connection, and nobody else anything", async () => {
    const options = { data: `${await tempFolder()}/data` }
    const port = await freePort()
    const server = await startServer(port, { ...options, within: ["prlimit", "--nofile=96:96"] })
    await until(async () => (await targets(options)).items.length > 0)
    const crowd = Array.from({ length: 200 }, () => net.connect(port, "127.0.0.1").on("error", () => undefined))
    await until(() => crowd.every((socket) => !socket.connecting))
    for (const socket of crowd) socket.destroy()
    await until(async () => (await ran(["discover"], options)).code === 0)
    expect((await targets(options)).items).toHaveLength(1)
    expect(await server.stop()).toBe(0)
    expect((await ran(["verify"], options)).stdout).toMatch(/^verified/)
  })
})

describe("little memory", () => {
  it("is enough to go through everything", async () => {
    const folder = await tempFolder()
    const options = { data: `${folder}/data` }
    const simulated = ["simulate", "--data", options.data, "--targets", "20", "--days", "2", "--every", "12h"]
    expect(await fleetLedger(simulated, options)).toMatchObject({ code: 0 })
    const poor = { ...options, env: { NODE_OPTIONS: "--max-old-space-size=48" } }
    for (const command of [["rebuild"], ["verify"], ["export"], ["inventory", "export"], ["diff", "position:0", "now"]])
      expect([command, (await fleetLedger(command, poor)).code]).toEqual([command, 0])
  })
})
