/**
 * Asks the tests of a room about each small change of its files (`npm run ask -- ROOM [EVERY]`; of so many changes one): prints those that no test notices,
 * and of each file how many are noticed.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { instrumented } from "./instrumented.js"
import { rooms } from "./rooms.js"

const [room, every = "1"] = process.argv.slice(2)
const root = path.resolve(import.meta.dirname, "../..")
const reports = path.join(import.meta.dirname, "reports")
const report = path.join(reports, `${room}.ndjson`)
/** Longer than any test takes: a change lets it go round and round. */
const hangsMs = 120_000

const lines = () =>
  (fs.existsSync(report) ? fs.readFileSync(report, "utf8") : "")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** @returns whether all tests were asked */
function asked() {
  const env = { ...process.env, ROOM: room, REPORT: report, EVERY: every }
  const args = ["vitest", "run", "--config", "tests/mutation/vitest.config.js"]
  const child = spawn("npx", args, { cwd: root, env, stdio: "inherit", detached: true })
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      const last = fs.existsSync(report) ? fs.statSync(report).mtimeMs : Date.now()
      if (Date.now() - last < hangsMs) return
      const { mutant, test, is } = lines().at(-1) ?? {}
      if (is === "asked") fs.appendFileSync(report, `${JSON.stringify({ mutant, test, is: "hung" })}\n`)
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
    }, 1_000)
    child.on("close", (code) => {
      clearInterval(watch)
      resolve(code !== null)
    })
  })
}

fs.mkdirSync(reports, { recursive: true })
if (process.env.GO_ON === undefined) fs.rmSync(report, { force: true })
while (!(await asked()));

const { mutants } = await instrumented(rooms[room].mutate)
const [loaded, met, noticed] = [new Set(), new Set(), new Set()]
for (const { loaded: early, met: ids, mutant, is } of lines()) {
  for (const id of early ?? []) loaded.add(id)
  for (const id of ids ?? []) met.add(id)
  if (mutant !== undefined && is !== "asked" && is !== "unnoticed") noticed.add(mutant)
}
const perFile = new Map()
for (const { id, fileName, location, replacement } of mutants) {
  if (Number(id) % Number(every) !== 0 || (loaded.has(id) && !met.has(id))) continue
  const name = path.relative(root, fileName)
  const counts = perFile.get(name) ?? { noticed: 0, all: 0 }
  perFile.set(name, counts)
  counts.all += 1
  if (noticed.has(id)) counts.noticed += 1
  else {
    const source = fs.readFileSync(fileName, "utf8").split("\n")
    const { start, end } = location
    const was = source
      .slice(start.line, end.line + 1)
      .join("\n")
      .slice(start.column, end.line === start.line ? end.column : undefined)
    const why = met.has(id) ? "" : " (no test came by)"
    console.log(
      `${name}:${start.line + 1}:${start.column + 1}${why}\n    ${was.replace(/\s+/g, " ").slice(0, 160)}\n  → ${replacement.replace(/\s+/g, " ").slice(0, 160)}`,
    )
  }
}
const row = (name, { noticed: some, all }) =>
  console.log(`${name}  ${some} of ${all}  ${((100 * some) / all).toFixed(1)} %`)
for (const [name, counts] of perFile) row(name, counts)
const sum = (key) => [...perFile.values()].reduce((all, counts) => all + counts[key], 0)
row(room, { noticed: sum("noticed"), all: sum("all") })
