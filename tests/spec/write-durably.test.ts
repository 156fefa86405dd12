/** A file of ours is there as a whole, or as it was before. */
import { writeDurably } from "#kernel/write-durably.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"

describe("a file that is written durably", () => {
  it("has its content, for its owner alone, and leaves nothing beside it", async () => {
    const folder = await tempFolder()
    const file = path.join(folder, "key")
    for (const content of ["first, and longer", "second"]) {
      writeDurably(file, content)
      expect(fs.readFileSync(file, "utf8")).toBe(content)
    }
    writeDurably(file, Buffer.from([0, 255]))
    expect([...fs.readFileSync(file)]).toStrictEqual([0, 255])
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
    expect(fs.readdirSync(folder)).toStrictEqual(["key"])
  })

  it("is as it was when the new one cannot be written, and no handle is lost", async () => {
    const file = path.join(await tempFolder(), "key")
    writeDurably(file, "first")
    const handles = fs.readdirSync("/proc/self/fd").length
    expect(() => writeDurably(file, Symbol("no content") as never)).toThrow(TypeError)
    expect(fs.readFileSync(file, "utf8")).toBe("first")
    expect(fs.readdirSync("/proc/self/fd")).toHaveLength(handles)
  })
})
