/**
 * Runs each test once as it is, and then once for every small change that it came by and that no test has noticed yet. In one process, without loading anything anew:
 * a change is a switch. What was asked, and what was noticed, is written down line by line.
 */
import * as fs from "node:fs"
import { configureGlobal } from "fast-check"
import { TestRunner } from "vitest"

const report = process.env.REPORT
const every = Number(process.env.EVERY ?? "1")
const switches = (globalThis.__stryker__ ??= {})
const known = (globalThis.__asked__ ??= { noticed: new Set(), asked: new Set() })
/** Calls of a change in one run, beyond which it goes round and round. */
const mostHits = 100_000

// The same cases for each change, and none is made smaller.
configureGlobal({ seed: 6962, endOnFailure: true })

if (known.asked.size === 0 && fs.existsSync(report)) {
  for (const line of fs.readFileSync(report, "utf8").split("\n").filter(Boolean)) {
    const { mutant, test, is } = JSON.parse(line)
    known.asked.add(`${mutant} ${test}`)
    if (is !== "asked" && is !== "unnoticed") known.noticed.add(mutant)
  }
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
    timer = setTimeout(() => reject(new Late(`not within ${Math.round(ms)} ms`)), ms)
  })
  try {
    return await Promise.race([work(), late])
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
    const run = TestRunner.getTestFn(test)
    switches.activeMutant = undefined
    switches.currentTestId = test.id
    const begin = performance.now()
    await run()
    await finish(test)
    const took = performance.now() - begin
    switches.currentTestId = "none"
    const met = Object.keys(switches.mutantCoverage?.perTest[test.id] ?? {})
    tell({ met, test: test.id, name: test.fullName, ms: Math.round(took) })
    for (const mutant of met) {
      if (Number(mutant) % every !== 0 || known.noticed.has(mutant) || known.asked.has(`${mutant} ${test.id}`)) continue
      tell({ mutant, test: test.id, is: "asked" })
      const noticed = await this.notices(test, run, mutant, 3_000 + 4 * took)
      if (noticed !== undefined) known.noticed.add(mutant)
      tell({ mutant, test: test.id, is: noticed ?? "unnoticed" })
    }
  }

  async notices(test, run, mutant, ms) {
    Object.assign(switches, { activeMutant: mutant, hitCount: 0, hitLimit: mostHits })
    stray = undefined
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
}
