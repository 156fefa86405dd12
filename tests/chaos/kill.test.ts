/**
 * `kill -9` at any moment: no acknowledged event is lost, the next start is clean, and nothing is written twice. A few rounds by default;
 * `npm run torture` does many.
 */
import { describe, expect, it } from "vitest"
import { OwnMachine, ownMachinesCanBeMade } from "#tests/support/own-machine.js"
import { freePort } from "#tests/support/free-port.js"
import { often } from "#tests/support/often.js"
import { answer, fleetLedger, startProgram, startServer } from "#tests/support/program.js"
import { type Stored, storedIn } from "#tests/support/stored-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"

const rounds = often(4, 500)
/** A little longer than a look takes from start to end. */
const lookMs = 600

interface Discovered {
  readonly changes: number
  readonly runs: readonly { readonly position: number }[]
}

describe.runIf(ownMachinesCanBeMade())("kill -9", () => {
  it(`during discovery, ${rounds} times`, { timeout: rounds * 20_000 }, async () => {
    const machine = await OwnMachine.start("killed")
    const options = { data: `${await tempFolder()}/data`, within: machine.within }
    let acknowledged: readonly Stored[] = []
    for (let round = 0; round < rounds; round++) {
      await machine.install(`fleet-ledger-probe-${round}`, "1.0-1")
      const child = startProgram(["discover"], options)
      const delay = (lookMs * ((round * 7) % rounds)) / rounds
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => child.kill("SIGKILL"), delay)
        child.once("close", () => {
          clearTimeout(timer)
          resolve()
        })
      })
      await answer<Discovered>(["discover"], options)
      const stored = storedIn(options)
      expect(stored.slice(0, acknowledged.length)).toEqual(acknowledged)
      expect(stored.map(({ position }) => position)).toEqual(stored.map((_, i) => i))
      const next = new Map<number, number>()
      for (const { stream_no, revision } of stored) {
        expect(revision).toBe(next.get(stream_no) ?? 0)
        next.set(stream_no, revision + 1)
      }
      acknowledged = stored
    }
    expect((await answer<Discovered>(["discover"], options)).changes).toBe(0)
    const packages = await answer<{ facets: { packages: object } }>(["show", "killed", "--facets", "packages"], options)
    const probes = Object.keys(packages.facets.packages).filter((key) => key.startsWith("pkg:fleet-ledger-probe-"))
    expect(probes.length).toBe(rounds)
    expect((await fleetLedger(["rebuild"], options)).stdout).toContain("equal to the views")
  })

  it("of the server leaves a socket behind that is in nobody's way", async () => {
    const machine = await OwnMachine.start("killed")
    const options = { data: `${await tempFolder()}/data`, within: machine.within }
    const server = await startServer(await freePort(), options)
    server.process.kill("SIGKILL")
    expect((await answer<Discovered>(["discover"], options)).runs[0]?.position).toBeGreaterThan(0)
    const again = await startServer(await freePort(), options)
    expect(await again.stop()).toBe(0)
  })
})
