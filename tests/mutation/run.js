/**
 * Asks the tests of a room about each small change of its files (`npm run ask -- ROOM [EVERY]`: of so many changes one), and prints those that none notices, and of each
 * file how many are noticed. Slow tests are asked last, about what the quick ones left. With SECONDS it stops after so many, and goes on when it is called again; with MOST_MS
 * tests that take longer are not asked at all.
 */
import { spawn } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { instrumented } from "./instrumented.js"
import { rooms } from "./rooms.js"

const [room = "", every = "1"] = process.argv.slice(2)
const root = path.resolve(import.meta.dirname, "../..")
const report = path.join(import.meta.dirname, "reports", `${room}.ndjson`)
/** Longer than any test takes: a change makes it go round and round. */
const hangsMs = 120_000
const { SECONDS: seconds = "Infinity", MOST_MS: mostMs = "Infinity" } = process.env
const until = Date.now() + Number(seconds) * 1_000
/** What a test takes that is asked first. */
const quickMs = 2_000

const { files, mutants } = await instrumented(rooms[room].mutate)
const lines = () =>
  fs
    .readFileSync(report, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** @param most milliseconds of the tests that are asked @returns whether it came to its end */
function asked(most) {
  const args = ["vitest", "run", "--config", "tests/mutation/vitest.config.js"]
  const left = String((until - Date.now()) / 1_000)
  const env = { ...process.env, ROOM: room, REPORT: report, EVERY: every, SECONDS: left, MOST_MS: String(most) }
  const child = spawn("npx", args, { cwd: root, env, stdio: ["ignore", "ignore", "inherit"], detached: true })
  const began = Date.now()
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      if (Date.now() - Math.max(began, fs.statSync(report).mtimeMs) < hangsMs || child.pid === undefined) return
      const { mutant, test, is } = lines().at(-1)
      if (is === "asked") fs.appendFileSync(report, `${JSON.stringify({ mutant, test, is: "hung" })}\n`)
      process.kill(-child.pid, "SIGKILL")
    }, 1_000)
    child.on("close", (code) => {
      clearInterval(watch)
      resolve(code !== null)
    })
  })
}

fs.mkdirSync(path.dirname(report), { recursive: true })
const of = crypto.hash("sha256", JSON.stringify(files))
if (!fs.existsSync(report) || lines()[0]?.of !== of) fs.writeFileSync(report, `${JSON.stringify({ of })}\n`)
for (const most of [Math.min(quickMs, Number(mostMs)), Number(mostMs)])
  while (Date.now() < until && !(await asked(most)));

const [loaded, met, noticed] = [new Set(), new Set(), new Set()]
for (const { loaded: early = [], met: ids = [], mutant, is } of lines()) {
  for (const id of early) loaded.add(id)
  for (const id of ids) met.add(id)
  if (mutant !== undefined && is !== "asked" && is !== "unnoticed") noticed.add(mutant)
}
const counts = new Map()
for (const { id, fileName, location, replacement } of mutants) {
  if (Number(id) % Number(every) !== 0 || (loaded.has(id) && !met.has(id))) continue
  const name = path.relative(root, fileName)
  const [some, all] = counts.get(name) ?? [0, 0]
  counts.set(name, [some + Number(noticed.has(id)), all + 1])
  if (noticed.has(id)) continue
  const { start, end } = location
  const source = fs
    .readFileSync(fileName, "utf8")
    .split("\n")
    .slice(start.line, end.line + 1)
  const was = source.join("\n").slice(start.column, start.line === end.line ? end.column : undefined)
  const why = met.has(id) ? "" : " (no test comes by)"
  console.log(`${name}:${start.line + 1}:${start.column + 1}${why}`)
  for (const text of [was, replacement]) console.log(`    ${text.replace(/\s+/g, " ").slice(0, 160)}`)
}
const sum = [...counts.values()].reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0])
for (const [name, [some, all]] of [...counts, [room, sum]])
  console.log(`${name}: ${some} of ${all}, ${((100 * some) / all).toFixed(1)} %`)
