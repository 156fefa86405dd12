/** An archive is what everybody's tar reads. */
import { tempFolder } from "#tests/support/temp-folder.js"
import { time } from "#tests/support/test-clock.js"
import { tarEnd, tarFile } from "#kernel/tar.js"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"

const at = time("2026-11-23T14:00:00.500Z")

describe("a file in an archive", () => {
  it.each([
    ["nothing", ""],
    ["a text", "events\n"],
    ["a text as long as a block", "x".repeat(512)],
    ["letters of more than a byte", "Ü".repeat(300)],
  ])("comes out of it as it was, with its name and time: %s", async (_, text) => {
    const out = await tempFolder()
    const input = tarFile("part/a-1.txt", text, at) + tarFile("b", "next", at) + tarEnd
    execFileSync("tar", ["-xf", "-", "-C", out], { input })
    const file = path.join(out, "part/a-1.txt")
    expect(fs.readFileSync(file, "utf8")).toBe(text)
    expect(fs.readFileSync(path.join(out, "b"), "utf8")).toBe("next")
    expect(fs.statSync(file).mtime.toISOString()).toBe("2026-11-23T14:00:00.000Z")
    expect(fs.statSync(file).mode & 0o777).toBe(0o644)
  })

  it("takes whole blocks", () => {
    for (const size of [0, 1, 511, 512, 513])
      expect(tarFile("a", "x".repeat(size), at)).toHaveLength(512 + Math.ceil(size / 512) * 512)
    expect(tarEnd).toHaveLength(1_024)
  })

  it.each(["", "a b", "é", "a\0b", "a\n", "x".repeat(101)])("is not called %j", (name) => {
    expect(() => tarFile(name, "", at)).toThrow(/^bug: /u)
  })

  it("may have a name of a hundred characters", () => {
    const list = execFileSync("tar", ["-tf", "-"], {
      input: tarFile("x".repeat(100), "", at) + tarEnd,
      encoding: "utf8",
    })
    expect(list).toBe(`${"x".repeat(100)}\n`)
  })
})
