/** A disk that fails under the program while it serves, or is slow: what is not there is not acknowledged, reads are answered, and what was acknowledged is there afterwards. */
import { describe, expect, it } from "vitest"
import { callsCanBeFaulty, whileFaulty } from "#tests/support/faulty-calls.js"
import { freePort } from "#tests/support/free-port.js"
import { type Options, answer, fleetLedger, startServer } from "#tests/support/program.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"

interface Listed {
  readonly items: readonly { readonly name: string; readonly tags: readonly string[] }[]
}

async function serving() {
  const options: Options = { data: `${await tempFolder()}/data` }
  const port = await freePort()
  const server = await startServer(port, options)
  const { secret } = await answer<{ secret: string }>(["token", "create", "disk", "--scope", "operate"], options)
  const ask = async (path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/targets${path}`, {
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    })
    return { ok: response.ok, ...((await response.json()) as object) }
  }
  const targets = async () => ((await ask("")) as unknown as Listed).items
  await until(async () => (await targets()).length > 0)
  const [{ name }] = (await targets()) as [Listed["items"][number]]
  const acknowledged: string[] = []
  return {
    server,
    /** What is said where it is not done. */
    tag: async (tag: string) => {
      const said = (await ask(`/${name}/tags`, { tag })) as { ok: boolean; detail?: string }
      if (said.ok) acknowledged.push(tag)
      return said.detail
    },
    tags: async () => (await targets())[0]?.tags ?? [],
    /** Killed as it is; then all that was acknowledged is there. */
    isWhole: async () => {
      server.process.kill("SIGKILL")
      await until(() => server.process.signalCode !== null)
      const { items } = await answer<Listed>(["targets"], options)
      expect(items[0]?.tags).toEqual(expect.arrayContaining(acknowledged))
      expect((await fleetLedger(["verify"], options)).stdout).toMatch(/^verified/)
    },
  }
}

const syncs = "fsync,fdatasync"

describe.runIf(callsCanBeFaulty())("a disk", () => {
  it("that does not take what is written refuses it and says so, and goes on once it does", async () => {
    const { server, tag, tags, isWhole } = await serving()
    expect(await tag("before")).toBeUndefined()
    await whileFaulty(server.process, `pwrite64,ftruncate,${syncs}`, "error=EIO", async () => {
      for (const name of ["one", "two", "three"])
        expect(await tag(name)).toMatch(/ledger\.db cannot be used now: the disk did not do what it was asked$/)
      expect(await tags()).toEqual(["before"])
    })
    await until(async () => (await tag("after")) === undefined)
    expect(await tags()).toEqual(["after", "before"])
    await isWhole()
  })

  it("that does not keep what was written is trusted no more until the program starts again", async () => {
    const { server, tag, tags, isWhole } = await serving()
    expect(await tag("before")).toBeUndefined()
    await whileFaulty(server.process, syncs, "error=EIO", async () => {
      expect(await tag("one")).toMatch(/did not keep what was written to .*; look at the disk, then start again$/)
      expect(await tags()).toEqual(["before"])
    })
    expect(await tag("two")).toMatch(/look at the disk, then start again$/)
    await isWhole()
  })

  it("that takes a second for all that is to stay keeps nobody from reading meanwhile, and loses nothing", async () => {
    const { server, tag, tags, isWhole } = await serving()
    await whileFaulty(server.process, syncs, "delay_enter=1000000", async () => {
      let isWritten = false
      const writing = tag("slow").then(() => (isWritten = true))
      for (let reads = 0; reads < 2; reads++) expect([await tags(), isWritten]).toEqual([[], false])
      await writing
      expect(await tags()).toEqual(["slow"])
    })
    await isWhole()
  })
})
