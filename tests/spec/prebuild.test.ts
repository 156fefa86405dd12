/** Building goes on from what was built, unless part of that is gone: the compiler believes what it wrote down, and would not look. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { tempFolder } from "#tests/support/temp-folder.js"
import { expect, it } from "vitest"

const { scripts } = JSON.parse(fs.readFileSync("package.json", "utf8")) as { scripts: { prebuild: string } }
const built = ["events/define", "projections/views", "src/cli/main"]
const notes = "dist/.tsbuildinfo"

/** A tree that was built a minute ago, and the page, which is built otherwise. */
async function tree() {
  const root = await tempFolder()
  const write = (file: string, ageMs: number) => {
    const full = path.join(root, file)
    fs.mkdirSync(path.dirname(full), { recursive: true })
    fs.writeFileSync(full, "")
    const at = new Date(Date.now() - ageMs)
    fs.utimesSync(full, at, at)
  }
  for (const name of [...built, "src/web/main"]) write(`${name}.ts`, 120_000)
  write("src/web/styles/styles.d.ts", 120_000)
  for (const name of built) write(`dist/${name}.js`, 60_000)
  write(notes, 60_000)
  const goesOn = () => {
    const said = execFileSync("/bin/sh", ["-c", scripts.prebuild], { cwd: root, encoding: "utf8", stdio: "pipe" })
    return [said, fs.existsSync(path.join(root, notes))]
  }
  return { root, write, goesOn }
}

it("goes on where all is there, also with what is new", async () => {
  const { write, goesOn } = await tree()
  expect(goesOn()).toStrictEqual(["", true])
  write("src/later.ts", 0)
  expect(goesOn()).toStrictEqual(["", true])
})

it.each([...built.map((name) => `dist/${name}.js`), "dist/src", "dist/events"])(
  "begins anew where %s is gone",
  async (gone) => {
    const { root, goesOn } = await tree()
    fs.rmSync(path.join(root, gone), { recursive: true })
    expect(goesOn()).toStrictEqual(["", false])
  },
)

it("begins where nothing was built", async () => {
  const { root, goesOn } = await tree()
  fs.rmSync(path.join(root, "dist"), { recursive: true })
  expect(goesOn()).toStrictEqual(["", false])
})
