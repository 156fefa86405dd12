/**
 * `npm run bench:page -- <folder> [minutes]`: the page in a real Chromium, served by the real program, on a fleet that `npm run bench:fleets` made (`<folder>` has its `data` and `keys`): how soon there is something to see, how soon another point is painted,
 * whether lists scroll, what it keeps after a while of use. All is measured in the browser; what the server and the browser's process of the page take for it stands beside it, as a loaded machine says less by the clock.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { type Browser, type Page, chromium } from "playwright-core"
import { freePort } from "#tests/support/free-port.js"
import { type Row, median, percentile, print } from "./report.js"

const executablePath = "/usr/bin/chromium"
const steps = 100
/** For what is to be seen within a second. */
const patienceMs = 30_000
const kilobyte = 1_000
const ticksPerSecond = 100

const [folder, minutes = "10"] = process.argv.slice(2)
if (folder === undefined) throw new Error("say which fleet is to be served")
const rows = await benchPage(folder, Number(minutes))
print(rows)
process.exitCode = rows.every(({ pass }) => pass) ? 0 : 1

/** @param forMinutes how long it is used before what it keeps is measured */
async function benchPage(of: string, forMinutes: number): Promise<Row[]> {
  const data = path.join(of, "data")
  const env = { ...process.env, HOME: of, FLEET_LEDGER_KEYS: path.join(of, "keys") }
  const program = path.resolve("dist/bin/main.js")
  const url = `http://127.0.0.1:${await freePort()}`
  const server = spawn(process.execPath, [program, "serve", "--data", data, "--listen", url.slice(7)], {
    env,
    stdio: ["ignore", "pipe", "ignore"],
  })
  const browser = await chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"] })
  try {
    let printed = ""
    server.stdout.on("data", (part: Buffer) => (printed += String(part)))
    const over = once(server.stdout, "end").then(() => Promise.reject(new Error("the server has ended")))
    while (!printed.includes("Press ctrl-c")) await Promise.race([once(server.stdout, "data"), over])
    over.catch(() => undefined)
    const told = spawn(
      process.execPath,
      [program, "token", "create", `bench-${Date.now()}`, "--output", "json", "--data", data],
      { env },
    )
    let text = ""
    for await (const part of told.stdout) text += String(part)
    const { secret } = JSON.parse(text) as { secret: string }
    await caughtUp(url, secret)
    const page = await opened(browser, url, secret)
    return [
      ...(await firstPaint(page, url)),
      ...(await used(page, url, forMinutes, await workOf(browser, server.pid as number))),
    ]
  } finally {
    await browser.close()
    if (server.exitCode === null) {
      server.kill("SIGINT")
      await once(server, "close")
    }
  }
}

/** Views of another version are made first. */
async function caughtUp(url: string, secret: string): Promise<void> {
  const headers = { authorization: `Bearer ${secret}` }
  while (!(await fetch(`${url}/api/v1/count`, { headers })).ok)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
}

/** Seconds that the server and what draws the page have worked. */
type Work = () => Promise<readonly [server: number, page: number]>

async function workOf(browser: Browser, server: number): Promise<Work> {
  const session = await browser.newBrowserCDPSession()
  return async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo")
    const drawing = processInfo.filter(({ type }) => type === "renderer")
    return [cpuOf(server), drawing.reduce((sum, { cpuTime }) => sum + cpuTime, 0)]
  }
}

/** What each of so many steps took of both since `before`, in words. */
async function workedSince(before: readonly [number, number], work: Work, count: number): Promise<string> {
  const [server, page] = (await work()).map((seconds, index) => ((seconds - (before[index] ?? 0)) / count) * 1_000)
  return `CPU a step: the server ${Math.round(server ?? 0)} ms, the page ${Math.round(page ?? 0)} ms`
}

async function opened(browser: Browser, url: string, secret: string): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1_440, height: 900 } })
  await context.addCookies([{ name: "fleet_ledger_session", value: secret, url }])
  return context.newPage()
}

/** Until the first figure of the overview is painted, and until all of them are: just after the program came up, and later. */
async function firstPaint(page: Page, url: string): Promise<Row[]> {
  const once_ = async () => {
    await page.goto(url)
    return page.evaluate<{ first: number; all: number }>(`new Promise((resolve, reject) => {
      let first
      const look = () => {
        const figures = [...document.querySelectorAll(".tile .figure")].map(({ textContent }) => textContent)
        const known = figures.filter((text) => text !== "–").length
        if (known > 0) first ??= performance.now()
        if (figures.length > 0 && known === figures.length)
          requestAnimationFrame(() => resolve({ first, all: performance.now() }))
        else if (performance.now() > ${patienceMs}) reject(new Error("still unknown: " + document.body.innerText.slice(0, 500)))
        else requestAnimationFrame(look)
      }
      look()
    })`)
  }
  const cold = await once_()
  const scripts = await page.evaluate<string[]>(
    `performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname).filter((name) => name.endsWith(".js"))`,
  )
  const sizes = scripts.map((name) => fs.statSync(path.join("dist/web", `${name}.gz`)).size)
  const weight = sizes.reduce((sum, size) => sum + size, 0) / kilobyte
  const warm = []
  for (let index = 0; index < 5; index++) warm.push(await once_())
  const first = median(warm.map((one) => one.first))
  return [
    {
      what: "first figures of the overview painted",
      budget: "< 1 s",
      measured: `${Math.round(first)} ms, all of them ${Math.round(median(warm.map(({ all }) => all)))} ms (just started: ${Math.round(cold.first)} and ${Math.round(cold.all)} ms)`,
      pass: first < 1_000,
    },
    {
      what: "JavaScript of the first page, gzip",
      budget: "≤ 150 kB",
      measured: `${weight.toFixed(0)} kB`,
      pass: weight <= 150,
    },
  ]
}

/** From point to point while the fleet lived, at random: each is to be painted before the next is asked for. */
async function scrubbed(page: Page, url: string, address: string, busy: string, work: Work): Promise<Row> {
  await page.goto(`${url}${address}`)
  await page.locator(".handle.at").waitFor()
  await page.locator(`${busy}[aria-busy=false]`).first().waitFor()
  const before = await work()
  const times = await page.evaluate<number[]>(`(async () => {
    const asked = async (path) => (await fetch(path)).json()
    const { at } = await asked("/api/v1/queries")
    const [from, to] = await Promise.all([0.1, 0.99].map((share) => asked("/api/v1/queries?at=position:" + Math.floor(at.position * share))))
    const [begin, end] = [from, to].map((one) => Date.parse(one.at.time))
    const frame = () => new Promise(requestAnimationFrame)
    const isBusy = () => [...document.querySelectorAll(${JSON.stringify(busy)})].some((one) => one.getAttribute("aria-busy") === "true")
    const times = []
    for (let step = 0; step < ${steps}; step++) {
      const input = document.querySelector(".moment input")
      input.value = new Date(begin + ((step * 0.618) % 1) * (end - begin)).toISOString()
      const began = performance.now()
      input.form.requestSubmit()
      for (let waited = 0; !isBusy() && waited < 5; waited++) await frame()
      while (isBusy() && performance.now() - began < ${patienceMs}) await frame()
      times.push(performance.now() - began)
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    return times
  })()`)
  const p95 = percentile(times, 0.95)
  return {
    what: `another point painted at ${address}, p95`,
    budget: "< 100 ms",
    measured: `${Math.round(p95)} ms (median ${Math.round(median(times))} ms; ${await workedSince(before, work, steps)})`,
    pass: p95 < 100,
  }
}

/** The handle of the overview is dragged along all of the strip: from one picture to the next, each with all of its panels. */
async function dragged(page: Page, url: string, work: Work): Promise<Row> {
  await page.goto(url)
  await page.locator(".panel[aria-busy=false]").first().waitFor()
  const box = await page.locator(".strip").boundingBox()
  if (box === null) throw new Error("there is no strip")
  const [y, before] = [box.y + box.height / 2, await work()]
  await page.evaluate("performance.clearResourceTimings(); performance.setResourceTimingBufferSize(100_000)")
  await page.mouse.move(box.x + box.width - 1, y)
  await page.mouse.down()
  for (let x = box.width - 1; x > 0; x -= 4) await page.mouse.move(box.x + x, y)
  await page.mouse.up()
  await page.locator(".panel[aria-busy=false]").first().waitFor()
  // What is asked at one point is asked in one request; a trend asks one question at a time.
  const began = await page.evaluate<number[]>(
    `performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/api/v1/batch")).map(({ startTime }) => startTime)`,
  )
  const times = began.slice(1).map((time, index) => time - (began[index] ?? 0))
  const p95 = percentile(times, 0.95)
  return {
    what: "the overview dragged through time, from picture to picture, p95",
    budget: "< 100 ms",
    measured: `${Math.round(p95)} ms (median ${Math.round(median(times))} ms; ${began.length} pictures; ${await workedSince(before, work, began.length)})`,
    pass: p95 < 100,
  }
}

interface Traced {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** µs, as all here. */
  readonly ts: number
  readonly dur?: number
  /** How long it had a core. */
  readonly tdur?: number
}

/** Through a list at 24,000 pixels a second. Who draws without a GPU rasterises on the cores that the page's tasks need: by the clock they take as long as they wait, too. */
async function scrolled(page: Page, url: string): Promise<Row> {
  const browser = page.context().browser() as Browser
  await page.goto(`${url}/machines`)
  await page.locator(".grid .row").first().waitFor()
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] })
  await page.evaluate(`(async () => {
    const scroll = document.querySelector(".grid .scroll")
    performance.mark("scroll")
    for (let index = 0; index < 300; index++) {
      scroll.scrollTop += 400
      await new Promise(requestAnimationFrame)
    }
    performance.mark("scrolled")
  })()`)
  const trace = String(await browser.stopTracing())
  const { traceEvents: all } = JSON.parse(trace) as { readonly traceEvents: readonly Traced[] }
  const [begin, end] = ["scroll", "scrolled"].map((name) => all.find((one) => one.name === name))
  if (begin === undefined || end === undefined) throw new Error("what was marked is not in the trace")
  const tasks = all.filter(
    ({ name, pid, tid, ts }) =>
      name.endsWith("::RunTask") && pid === begin.pid && tid === begin.tid && ts >= begin.ts && ts < end.ts,
  )
  const longest = (times: readonly number[]) => Math.max(0, ...times) / 1_000
  const work = longest(tasks.map(({ tdur = 0 }) => tdur))
  const times = tasks.map(({ dur = 0 }) => dur)
  const long = times.filter((time) => time > 50_000).length
  return {
    what: "machines scrolled through, longest task",
    budget: "≤ 50 ms",
    measured: `${Math.round(work)} ms of CPU (by the clock ${Math.round(longest(times))} ms; ${long} of ${times.length} tasks above 50)`,
    pass: work <= 50,
  }
}

async function used(page: Page, url: string, forMinutes: number, work: Work): Promise<Row[]> {
  const measured = [
    await scrubbed(page, url, "/machines", ".listed", work),
    await scrubbed(page, url, "/services", ".listed", work),
    await scrubbed(page, url, "/", ".panel", work),
    await dragged(page, url, work),
  ]
  measured.push(await scrolled(page, url))
  const until = Date.now() + forMinutes * 60_000
  const pages = ["/", "/machines", "/services", "/topology", "/alerts", "/history", "/compare"]
  for (let index = 0; Date.now() < until || index < pages.length; index++) {
    await page
      .locator(`nav a[href^="${pages[index % pages.length]}"]`)
      .first()
      .click()
    await page.waitForTimeout(1_000)
  }
  const session = await page.context().newCDPSession(page)
  await session.send("HeapProfiler.collectGarbage")
  const heap = (await session.send("Runtime.getHeapUsage")).usedSize / 2 ** 20
  measured.push({
    what: `heap after ${forMinutes} minutes of use`,
    budget: "< 150 MB",
    measured: `${Math.round(heap)} MB`,
    pass: heap < 150,
  })
  return measured
}

/** Seconds that a process has worked; as Linux counts them. */
function cpuOf(pid: number): number {
  const [user = 0, system = 0] = (fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "")
    .split(" ")
    .slice(11, 13)
    .map(Number)
  return (user + system) / ticksPerSecond
}
