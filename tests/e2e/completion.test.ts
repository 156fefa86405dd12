/** Completion as a shell gets it, from the program as it is built. */
import { spawnSync } from "node:child_process"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { needs } from "#tests/support/real-parts.js"

const main = path.resolve("dist/bin/main.js")
const program = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: "utf8" })

describe("completion", () => {
  it.each([
    [["snapshot", "cr"], ["create"]],
    [["targets", "--out"], ["--output"]],
    [["targets", "--output", "n"], ["ndjson"]],
    [["subscr"], ["subscription"]],
    [["show", "--nothing"], []],
  ])("of %j is %j", (words, expected) => {
    const { stdout } = program("complete-words", "--", ...words)
    expect(stdout.split("\n").filter((line) => line !== "")).toEqual(expected)
  })

  it.runIf(needs("bash"))("works in a shell", () => {
    const script = [
      `fleet-ledger() { ${process.execPath} ${main} "$@"; }`,
      program("completion", "bash").stdout,
      "COMP_WORDS=(fleet-ledger snapshot cr); COMP_CWORD=2; _fleet_ledger; echo ${COMPREPLY[@]}",
    ].join("\n")
    expect(spawnSync("bash", ["-c", script], { encoding: "utf8" }).stdout).toBe("create\n")
  })

  it("says which shells there are", () => {
    const { status, stderr } = program("completion", "tcsh")
    expect([status, stderr]).toEqual([2, expect.stringContaining("bash, zsh, fish")])
  })
})
