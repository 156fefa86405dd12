/** What the program is for: what changes on a machine is found, exactly that, with before and after, and the state before can still be asked for. */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import type { Change } from "#timeline/change.js"
import type { EntityDiff } from "#timeline/diff/item.js"
import { freePort } from "#tests/support/free-port.js"
import { OwnMachine, ownMachinesCanBeMade } from "#tests/support/own-machine.js"
import { type Options, answer, ran, startServer } from "#tests/support/program.js"
import { needs } from "#tests/support/real-parts.js"
import { tempFolder } from "#tests/support/temp-folder.js"

interface Discovered {
  readonly changes: number
  readonly runs: readonly { readonly position: number; readonly services: number }[]
}
interface At {
  readonly at: { readonly position: number }
}
type List<T> = At & { readonly items: readonly T[] }
interface Shown extends At {
  readonly entity: { readonly id: string; readonly name: string }
  readonly facets: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] as const

function nobodyMayRead(): boolean {
  const [command, ...args] = [...nobody, "test", "-r", "dist/bin/main.js"] as const
  return spawnSync(command, args).status === 0
}

const found = (change: Change) => [change.type, change.entity.name, change.changes]

describe.runIf(ownMachinesCanBeMade()).each(["alone", "beside a running server"])("%s", (setting) => {
  async function machineAndOptions(): Promise<{ readonly machine: OwnMachine; readonly options: Options }> {
    const machine = await OwnMachine.start("before-1")
    const options = { data: `${await tempFolder()}/data`, within: machine.within }
    if (setting !== "alone") await startServer(await freePort(), options)
    return { machine, options }
  }

  /** Beside a server it is the server that looks. */
  const discover = (options: Options) =>
    answer<Discovered>(["discover"], setting === "alone" ? options : { data: options.data })
  /** What is known is asked from outside: only looks have to be in there. */
  const ask = <T>(args: readonly string[], { data }: Options) => answer<T>(args, { data })
  const headOf = async (options: Options) => (await ask<At>(["status"], options)).at.position
  const historySince = async (options: Options, position: number) =>
    (await ask<List<Change>>(["history", "before-1", "--since", `position:${position}`], options)).items

  it("an idle machine adds nothing to the ledger", async () => {
    const { options } = await machineAndOptions()
    await discover(options)
    const before = await headOf(options)
    expect((await discover(options)).changes).toBe(0)
    expect((await discover(options)).changes).toBe(0)
    expect(await headOf(options)).toBe(before)
  })

  it("a process that begins and ceases to listen is a socket and a service", async () => {
    const { machine, options } = await machineAndOptions()
    await discover(options)
    const before = await headOf(options)
    const stop = await machine.listen(8_099)
    expect((await discover(options)).changes).toBe(2)
    const socket = { address: "127.0.0.1", port: 8_099, process: "node", user: "root" }
    const at = "/sockets/tcp:127.0.0.1:8099"
    expect((await historySince(options, before)).map(found)).toEqual([
      ["ServiceDiscovered", "node", []],
      ["TargetChanged", "before-1", [{ path: at, before: null, after: socket }]],
    ])

    const during = await headOf(options)
    const sockets = async (position: number) =>
      (await ask<Shown>(["show", "before-1", "--at", `position:${position}`], options)).facets["sockets"]
    expect(await sockets(during)).toEqual({ ...(await sockets(before)), [at.slice("/sockets/".length)]: socket })
    await stop()
    expect((await discover(options)).changes).toBe(2)
    expect((await historySince(options, during)).map(found)).toEqual([
      ["ServiceStateChanged", "node", [{ path: "/state/status", before: "running", after: "stopped" }]],
      ["TargetChanged", "before-1", [{ path: at, before: socket, after: null }]],
    ])
    expect((await discover(options)).changes).toBe(0)
  })

  it("a package that is installed and removed is that package, and the diff says so", async () => {
    const { machine, options } = await machineAndOptions()
    await discover(options)
    const before = await headOf(options)
    await machine.install("fleet-ledger-probe", "1.0-1")
    await discover(options)
    const at = "/packages/pkg:fleet-ledger-probe"
    const version = { architecture: "all", version: "1.0-1" }
    const installed = [{ path: at, before: null, after: version }]
    expect((await historySince(options, before)).map(found)).toEqual([["TargetChanged", "before-1", installed]])
    const diff = await ask<{ items: EntityDiff[]; summary: object }>(["diff", `position:${before}`, "now"], options)
    expect(diff.summary).toEqual({ created: 0, modified: 1, removed: 0 })
    expect(diff.items[0]?.changes).toEqual(installed)

    const during = await headOf(options)
    await machine.remove("fleet-ledger-probe")
    await discover(options)
    const removed = [{ path: at, before: version, after: null }]
    expect((await historySince(options, during)).map(found)).toEqual([["TargetChanged", "before-1", removed]])
    const nothing = await ask<{ items: EntityDiff[] }>(["diff", `position:${before}`, "now"], options)
    expect(nothing.items).toEqual([])
  })

  // What a look finds is the same beside a server, which the two above have shown.
  it.runIf(setting === "alone")(
    "a machine that is renamed stays the same machine, and has its old name in the past",
    async () => {
      const { machine, options } = await machineAndOptions()
      await discover(options)
      const before = await headOf(options)
      const { entity } = await ask<Shown>(["show", "before-1"], options)
      machine.rename("after-1")
      expect((await discover(options)).changes).toBe(1)
      const renamed = { before: "before-1", after: "after-1" }
      const [change, ...others] = await historySince(options, before)
      expect(others).toEqual([])
      expect(change?.changes.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
        { path: "/identity/hostname", ...renamed },
        { path: "/identity/name", ...renamed },
      ])
      const now = await ask<Shown>(["show", "after-1"], options)
      const then = await ask<Shown>(["show", "before-1", "--at", `position:${before}`], options)
      expect([now.entity, then.entity]).toEqual([{ ...entity, name: "after-1" }, entity])
      expect([now.facets["identity"]?.["hostname"], then.facets["identity"]?.["hostname"]]).toEqual([
        "after-1",
        "before-1",
      ])
      // Who has the old name in mind still finds it.
      expect((await ask<Shown>(["show", "before-1"], options)).entity).toEqual(now.entity)
      const names = async (at: string) =>
        (await ask<List<{ name: string }>>(["targets", "--at", at], options)).items.map(({ name }) => name)
      expect([await names("now"), await names(`position:${before}`)]).toEqual([["after-1"], ["before-1"]])
    },
  )

  it.runIf(setting === "alone")("a look with fewer rights changes nothing that it could not look at", async () => {
    const { machine, options } = await machineAndOptions()
    await machine.listen(8_098)
    await discover(options)
    const before = await headOf(options)
    // Root without its capabilities sees other processes no better than any user.
    const asNobody = {
      ...options,
      within: [...machine.within, "setpriv", "--bounding-set", "-all", "--inh-caps", "-all"],
    }
    expect((await discover(asNobody)).changes).toBe(0)
    expect((await discover(options)).changes).toBe(0)
    expect((await historySince(options, before)).map(found)).toEqual([])
  })

  it.runIf(setting === "alone" && needs("a tree that nobody may read", nobodyMayRead()))(
    "root and nobody look in turn, and neither takes back what the other saw",
    async () => {
      const { machine, options } = await machineAndOptions()
      await machine.listen(8_097)
      await discover(options)
      const before = await headOf(options)
      for (const file of [path.dirname(options.data), options.data]) await fs.chown(file, 65_534, 65_534)
      for (const file of await fs.readdir(options.data)) await fs.chown(path.join(options.data, file), 65_534, 65_534)
      const asNobody = { ...options, within: [...machine.within, ...nobody] }
      for (const turn of [asNobody, options, asNobody, options]) expect((await discover(turn)).changes).toBe(0)
      expect(await historySince(options, before)).toEqual([])
    },
  )

  it("rebuilding the views from the ledger gives equal rows", async () => {
    const { machine, options } = await machineAndOptions()
    await discover(options)
    await machine.install("fleet-ledger-probe", "2.0-1")
    await discover(options)
    const { code, stdout } = await ran(["rebuild"], { data: options.data })
    expect([code, stdout]).toEqual([0, expect.stringContaining("equal to the views that were there")])
  })
})
