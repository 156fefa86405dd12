/** A fleet to try everything on, from the command line. */
import * as fs from "node:fs"
import { once } from "node:events"
import type { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { type Options, answer, fleetLedger, startProgram } from "#tests/support/program.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it } from "vitest"

const inFolder = async (): Promise<Options> => ({ data: `${await tempFolder()}/data` })

interface Targets {
  readonly items: readonly { readonly name: string }[]
}

describe("simulate", () => {
  it("fills a folder, which then answers like any other, and is not filled twice", async () => {
    const options = await inFolder()
    const args = ["simulate", "--data", options.data, "--targets", "3", "--services", "2", "--days", "1"]
    const { code, stdout, stderr } = await fleetLedger([...args, "--every", "12h"], options)
    expect([code, stderr]).toEqual([0, ""])
    expect(stdout).toMatch(/^simulated 3 targets, 6 services, \d stacks over 1 days\n2 looks, \d+ events, /)
    expect((await answer<Targets>(["targets", "--at", "2025-01-02"], options)).items).toHaveLength(3)
    const again = await fleetLedger(args, options)
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/^fleet-ledger: \S+ is not empty[^\n]+\n$/)])
  })

  it("leaves a good folder when it is cancelled", async () => {
    const options = await inFolder()
    const child = startProgram(["simulate", "--data", options.data, "--targets", "10", "--days", "365"], options)
    const [ended, told] = [once(child, "close"), text(child.stderr as Readable)]
    await until(() => fs.existsSync(`${options.data}/ops.db`))
    child.kill("SIGINT")
    expect(await ended).toEqual([1, null])
    expect(await told).toMatch(/^fleet-ledger: the simulation was cancelled after \d+ of 8760 looks; [^\n]+\n$/)
    expect(await answer<object>(["verify"], options)).toMatchObject({ wrong: null })
  })

  it.each([
    [[], /required option '--data <folder>' not specified/],
    [["--data", "x", "--targets", "many"], /--targets is "many"; allowed is a whole number from 1 to 100000/],
    [["--data", "x", "--every", "1y"], /--every is "1y"; allowed is a duration from a minute to a day/],
  ])("says in one sentence what is wrong with %j", async (args, sentence) => {
    const options = await inFolder()
    const { code, stdout, stderr } = await fleetLedger(["simulate", ...args], options)
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toMatch(sentence)
    expect(stderr).toMatch(/^fleet-ledger: [^\n]+\n$/)
  })
})
