/**
 * Runs each test as it is, and then once for every small change that it came by and that no test has noticed yet: in one process, without loading anything anew,
 * as a change is a switch. What was asked and what was noticed is written down line by line, and is not asked again.
 */
import * as fs from "node:fs"
import { configureGlobal } from "fast-check"
import { TestRunner } from "vitest"

const {
  REPORT: report = "",
  EVERY: every = "1",
  SECONDS: seconds = "Infinity",
  MOST_MS: mostMs = "Infinity",
} = process.env
// As they are before a test puts others in their place.
const { setTimeout, clearTimeout } = globalThis
const now = performance.now.bind(performance)
const until = now() + Number(seconds) * 1_000
const switches = (globalThis.__stryker__ ??= {})
const known = (globalThis.__known__ ??= reported())
/** Calls of a change in one run, beyond which it goes round and round. */
const mostHits = 100_000

// The same cases for each change, and none is made smaller.
configureGlobal({ seed: 6962, endOnFailure: true })

/** What was asked before. */
function reported() {
  const [tests, noticed, asked] = [new Map(), new Set(), new Set()]
  for (const text of fs.readFileSync(report, "utf8").split("\n").filter(Boolean)) {
    const { met, mutant, test, is, ms } = JSON.parse(text)
    if (met !== undefined) tests.set(test, { met, ms })
    if (mutant !== undefined) asked.add(`${mutant} ${test}`)
    if (mutant !== undefined && is !== "asked" && is !== "unnoticed") noticed.add(mutant)
  }
  return { tests, noticed, asked }
}

const tell = (line) => fs.appendFileSync(report, `${JSON.stringify(line)}\n`)

class Late extends Error {}

/** What goes wrong where nobody waits for it. */
let stray
const astray = (error) => (stray ??= error)
process.on("uncaughtException", astray)
process.on("unhandledRejection", astray)

async function within(ms, work) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Late()), ms)
  })
  try {
    await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

async function finish(test) {
  const handlers = test.onFinished ?? []
  test.onFinished = undefined
  for (const handler of handlers.toReversed()) await handler(test.context)
}

export default class Asking extends TestRunner {
  onBeforeCollect() {
    switches.currentTestId = undefined
  }

  /** What is worked out when a file is loaded is the same for all tests: no switch reaches it. */
  onCollected() {
    tell({ loaded: Object.keys(switches.mutantCoverage?.static ?? {}) })
    switches.currentTestId = "none"
  }

  async runTask(test) {
    if (now() > until) return
    const run = TestRunner.getTestFn(test)
    const { met, ms } = known.tests.get(test.fullName) ?? (await asItIs(test, run))
    if (ms > Number(mostMs)) return
    for (const mutant of met) {
      if (
        Number(mutant) % Number(every) !== 0 ||
        known.noticed.has(mutant) ||
        known.asked.has(`${mutant} ${test.fullName}`)
      )
        continue
      if (now() > until) return
      tell({ mutant, test: test.fullName, is: "asked" })
      const most = 10_000 + 4 * ms
      const noticed = await notices(test, run, mutant, most)
      // A test that takes as long without the change says nothing of it, nor of others.
      const isAlways = noticed === "late" && (await notices(test, run, undefined, most)) !== undefined
      if (noticed !== undefined && !isAlways) known.noticed.add(mutant)
      tell({ mutant, test: test.fullName, is: isAlways ? "unnoticed" : (noticed ?? "unnoticed") })
      if (isAlways) return
    }
  }
}

/** @returns which changes it came by, and how long it took */
async function asItIs(test, run) {
  Object.assign(switches, { activeMutant: undefined, currentTestId: test.id })
  const begin = now()
  await run()
  await finish(test)
  const ms = Math.round(now() - begin)
  switches.currentTestId = "none"
  const met = Object.keys(switches.mutantCoverage?.perTest[test.id] ?? {})
  tell({ met, ms, test: test.fullName })
  return { met, ms }
}

/** @returns how it noticed, if it did */
async function notices(test, run, mutant, ms) {
  Object.assign(switches, { activeMutant: mutant, hitCount: 0, hitLimit: mostHits })
  stray = undefined
  // What a run that hangs still waits for is no other's to wait for.
  test.promises = undefined
  try {
    await within(ms, async () => {
      await run()
      await finish(test)
    })
  } catch (error) {
    return error instanceof Late ? "late" : "failed"
  } finally {
    switches.activeMutant = undefined
    await within(3_000, () => finish(test)).catch(() => {})
  }
  return stray === undefined ? undefined : "stray"
}
