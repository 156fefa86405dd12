/** The page in a real browser, on what the real program serves: what one sees, now and in the past, by hand and by keyboard, and what it must never do. */
import * as fs from "node:fs"
import * as path from "node:path"
import * as zlib from "node:zlib"
import type { Request } from "playwright-core"
import { beforeAll, describe, expect, it } from "vitest"
import { aBrowserIsHere, inDark, openWindow, screenshot, seriousOn } from "#tests/support/browser.js"
import { type PageFleet, fillForPage } from "#tests/support/page-fleet.js"
import { type Options, answer } from "#tests/support/program.js"
import { type ServedPage, servePage } from "#tests/support/served-page.js"
import { sharedByTests } from "#tests/support/when-finished.js"
import { until } from "#tests/support/until.js"

const firstPageLimit = 150_000

/** What a batch asks. */
interface Batch {
  readonly questions?: readonly { readonly operation: string; readonly input: { readonly at?: string } }[]
}

/** Of two opaque colours as CSS computes them, by WCAG. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map((text) => {
      const part = Number(text) / 255
      return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [less = 0, more = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (more + 0.05) / (less + 0.05)
}

describe("the first page", () => {
  it("is small", () => {
    const assets = path.resolve("dist/web/assets")
    const bytes = fs
      .readdirSync(assets)
      .filter((name) => /^(?:index|overview|story|health|query-text).*\.js$/.test(name))
      .map((name) => zlib.gzipSync(fs.readFileSync(path.join(assets, name))).length)
    expect(bytes.length).toBeGreaterThan(1)
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(firstPageLimit)
  })
})

describe.runIf(aBrowserIsHere())("the page", () => {
  let served: ServedPage<PageFleet>
  let options: Options
  let filled: PageFleet
  let secret: string
  const opened = (address: string) => served.open(address)

  beforeAll(() =>
    sharedByTests(async () => {
      served = await servePage("operate", fillForPage)
      ;({ options, filled, secret } = served)
    }),
  )

  it("asks a stranger for a token, then shows what there is, and travels to before a change", async () => {
    const window = await openWindow(served.browser, served.url)
    const { page } = window
    await page.goto("/machines")
    await page.getByLabel("Token").waitFor()
    expect(await seriousOn(page)).toEqual([])
    await page.getByLabel("Token").fill("fl_wrong")
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.getByText("That token is wrong").waitFor()
    await page.getByLabel("Token").fill(secret)
    await page.getByRole("button", { name: "Sign in" }).click()

    await page.getByRole("combobox", { name: "Query" }).fill(`name:${filled.changed.name}`)
    await page.keyboard.press("Enter")
    await page.getByRole("link", { name: filled.changed.name }).click()
    await page.getByRole("heading", { name: filled.changed.name }).waitFor()
    const kernel = page.locator(".facet tr", { hasText: "kernel" })
    await kernel.getByText(filled.changed.after).waitFor()
    await page.locator(".story del", { hasText: filled.changed.before }).waitFor()

    // The newest change of it is the one of its kernel; before that it was found.
    await page.keyboard.press("[")
    await page.getByText("This is the past").waitFor()
    await page.keyboard.press("[")
    await kernel.getByText(filled.changed.before).waitFor()
    expect(page.url()).toMatch(/\?at=position:\d+$/)
    await page.keyboard.press(".")
    await kernel.getByText(filled.changed.after).waitFor()
    expect(await page.getByText("This is the past").count()).toBe(0)
    expect([window.complaints, window.elsewhere]).toEqual([[], []])
  })

  it("says of a field what it was before, and by which event", async () => {
    const { page, complaints } = await opened("/machines?q=name:db-main")
    await page.getByRole("link", { name: filled.changed.name }).click()
    await page.locator(".facet tr", { hasText: "kernel" }).getByRole("button").click()
    const origin = page.locator(".facet .origin")
    await origin.getByText(filled.changed.before).waitFor()
    await page.locator(".facet tr", { hasText: "hostname" }).getByRole("button").click()
    await origin.getByText("It was new then").waitFor()
    expect(await seriousOn(page)).toEqual([])
    await origin
      .filter({ hasText: filled.changed.after })
      .getByRole("link", { name: /^event #/ })
      .click()
    await page.getByRole("heading", { name: "What it changed" }).waitFor()
    await page.locator("ins", { hasText: filled.changed.after }).waitFor()
    expect(complaints).toEqual([])
  })

  it("compares with another time, on the page where one is", async () => {
    const window = await opened("/machines?q=name:db-main")
    await window.page.getByRole("link", { name: filled.changed.name }).click()
    await window.page.getByRole("heading", { name: filled.changed.name }).waitFor()
    await window.page.keyboard.press("[")
    await window.page.getByText("This is the past").waitFor()
    await window.page.keyboard.press("[")
    await window.page.locator(".facet tr", { hasText: "kernel" }).getByText(filled.changed.before).waitFor()
    await window.page.keyboard.press("c")
    await window.page.locator(".differences", { hasText: filled.changed.after }).waitFor()
    expect(await window.page.locator(".differences").first().innerText()).toContain(
      `${filled.changed.before} → ${filled.changed.after}`,
    )
    // The second handle moves by the same keys as the first.
    const other = window.page.getByRole("slider", { name: "Point that it is compared with" })
    await other.press("PageDown")
    await window.page.waitForURL(/[?&]to=20/)
    await other.press("End")
    await window.page.waitForURL(/[?&]to=now/)
    // What came later is what has changed, also for who looks back from now.
    await window.page.goto(`${new URL(window.page.url()).pathname}?to=-45m`)
    await window.page.locator(".differences", { hasText: filled.changed.after }).waitFor()
    expect(await window.page.locator(".differences").first().innerText()).toContain(
      `${filled.changed.before} → ${filled.changed.after}`,
    )
  })

  it("travels by dragging, and comes back", async () => {
    const { page } = await opened("/machines")
    const strip = page.locator(".strip svg")
    await strip.waitFor()
    const box = await strip.boundingBox()
    if (box === null) throw new Error("no strip")
    await page.mouse.move(box.x + box.width - 2, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2, box.y + 20, { steps: 8 })
    await page.getByText("This is the past").waitFor()
    await page.mouse.up()
    await page.waitForURL(/at=20/)
    expect(await page.locator(".frame.in-the-past").count()).toBe(1)
    await page.getByRole("slider", { name: "Point in time" }).press("End")
    await until(async () => (await page.getByText("This is the past").count()) === 0)
  })

  it("asks about one point at a time while one drags, and about the last one in the end", async () => {
    const { page } = await opened("/machines")
    const box = await page.locator(".strip svg").boundingBox()
    if (box === null) throw new Error("no strip")
    const asked: { readonly point: string; readonly request: Request }[] = []
    const open = new Set<Request>()
    const answered = new Set<Request>()
    // What is asked at one point is asked in one request.
    const pointOf = (request: Request) => {
      const { questions = [] } = (request.postDataJSON() ?? {}) as Batch
      return questions.find(({ operation }) => operation === "targets")?.input.at
    }
    let isDragged = false
    await page.route("**/api/v1/batch", async (route) => {
      await until(() => isDragged)
      await route.continue().catch(() => undefined)
    })
    page.on("request", (request) => {
      const point = pointOf(request)
      if (point === undefined) return
      asked.push({ point, request })
      open.add(request)
    })
    page.on("requestfinished", (request) => void (open.delete(request) && answered.add(request)))
    page.on("requestfailed", (request) => open.delete(request))
    await page.mouse.move(box.x + box.width - 20, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2, box.y + 20, { steps: 16 })
    isDragged = true
    const handle = page.getByRole("slider", { name: "Point in time" })
    const last = () => asked.at(-1)?.point ?? ""
    const isShown = async () =>
      Date.parse(last()) === Number(await handle.getAttribute("aria-valuenow")) && open.size === 0
    await until(isShown)
    // One that took too long was given up; of what was answered, all but its last bytes were there before the next was asked.
    const early = asked.filter(({ request }, index) => {
      const { startTime, responseStart } = request.timing()
      const next = asked[index + 1]?.request.timing().startTime ?? Number.POSITIVE_INFINITY
      return answered.has(request) && startTime + responseStart > next
    })
    expect(early).toEqual([])
    expect(asked.length).toBeLessThan(8)
    await page.mouse.up()
    await page.waitForURL(/at=20/)
    expect(await isShown()).toBe(true)
    expect(new URL(page.url()).searchParams.get("at")).toBe(last())
  })

  it("tells times in the zone of whoever looks, in UTC to who points at them, and takes them as they are written there", async () => {
    // Nine hours before the server, whatever the season.
    const { page } = await served.openApart("/history", { timezoneId: "Asia/Tokyo" })
    const text_ = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace("T", " ")
    const [inUtc, inTokyo] = [text_, (ms: number) => text_(ms + 9 * 3_600_000)]
    for (const address of ["/history", "/discovery", `/entities/${filled.changed.name}`]) {
      await page.goto(address)
      await page.locator("main time").first().waitFor()
      const times = await page.locator("main time").evaluateAll((all) =>
        all.map((one) => ({
          at: (one as never as { dateTime: string }).dateTime,
          text: one.textContent,
          title: one.getAttribute("title"),
        })),
      )
      for (const { at, text: shown, title } of times) {
        const ms = Date.parse(at)
        expect([shown, title].join()).toContain(inTokyo(ms))
        expect(title).toContain(`${inUtc(ms)} UTC`)
      }
    }
    const then = Math.floor(Date.now() / 1_000) * 1_000 - 2 * 86_400_000
    const box = page.getByLabel("At", { exact: true })
    await box.fill(inTokyo(then))
    await box.press("Enter")
    await page.locator(".banner", { hasText: inTokyo(then) }).waitFor()
    expect(new URL(page.url()).searchParams.get("at")).toBe(new Date(then).toISOString())
    expect(await box.inputValue()).toBe(inTokyo(then))
  })

  it("colours the strip by severity, hatches what was not all seen, and says so to who cannot see it", async () => {
    const { page } = await opened("/")
    const strip = page.locator(".strip svg")
    await strip.waitFor()
    const { buckets } = await answer<{ buckets: readonly { incomplete: boolean; info: number; notice: number }[] }>(
      ["density", "--buckets", "240"],
      options,
    )
    const blind = buckets.filter(({ incomplete }) => incomplete).length
    expect(blind).toBeGreaterThan(0)
    expect((await strip.locator(".blind").getAttribute("d"))?.split("M").length).toBe(blind + 1)
    const said = await page.getByRole("img", { name: /^Changes from / }).getAttribute("aria-label")
    expect(said).toMatch(/: (?:\d+ critical, )?(?:\d+ warning, )?\d+ notice, \d+ info\. Not all was seen/)
    const handle = page.getByRole("slider", { name: "Point in time" })
    expect(await handle.getAttribute("aria-valuetext")).toMatch(/^now · (?:no changes|\d+ \w+)/)
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme })
      const colours = await page.evaluate<readonly string[]>(`[
        getComputedStyle(document.querySelector(".time")).backgroundColor,
        getComputedStyle(document.querySelector("#hatch line")).stroke,
        ...["info", "notice", "warning", "critical"].map((one) => getComputedStyle(document.querySelector(".strip path." + one)).fill)]`)
      const [ground = "", ...marks] = colours
      expect(new Set(marks.slice(1)).size).toBe(4)
      // As WCAG asks of what has to be seen (1.4.11).
      for (const mark of marks)
        expect([colorScheme, mark, contrast(mark, ground) >= 3]).toEqual([colorScheme, mark, true])
    }
    // A ledger that is younger than what is chosen is shown whole.
    const year = page.getByRole("button", { name: "1y" })
    await Promise.all([page.waitForResponse(/density.*from=-365d/), year.click()])
    await until(async () => (await page.locator(".scrubber[aria-busy=true]").count()) === 0)
    expect((await strip.getAttribute("aria-label"))?.split(" to ")[0]).toBe(said?.split(" to ")[0])
  })

  it("leads from each number to as many as it says", async () => {
    const { page } = await opened("/")
    const numbers = page.locator(
      ".bands a, .groups .num a, .tile a.figure[href^='/machines'], .tile a.figure[href^='/services']",
    )
    await page.locator(".groups tbody tr").first().waitFor()
    const links = await numbers.evaluateAll((all) =>
      all.map((one) => ({ said: Number.parseInt(one.textContent ?? "", 10), href: one.getAttribute("href") ?? "" })),
    )
    // The average is of all of them.
    const meant = links.filter(({ said, href }) => said > 0 && !href.endsWith("?sort=health"))
    expect(meant.length).toBeGreaterThan(4)
    for (const { said, href } of meant) {
      await page.goto(href)
      await until(async () => /\d/.test(await page.locator("h1 .count").innerText()))
      expect([href, Number(await page.locator("h1 .count").innerText())]).toEqual([href, said])
    }
  })

  it("shows how many were not well over time, of each role, environment and source, once somebody asks", async () => {
    const { page } = await opened("/")
    const asked: string[] = []
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url())
      if (pathname.endsWith("/count") && searchParams.get("by") === "role,environment,source") asked.push(request.url())
    })
    await page.locator(".trend span").first().waitFor()
    expect(asked).toEqual([])
    await page.getByRole("button", { name: "Show over time" }).click()
    await page.getByRole("button", { name: "Site or source" }).click()
    const trend = page.locator(".groups tr", { hasText: "elsewhere" }).getByRole("img", { name: /^not well over time/ })
    await trend.waitFor()
    const known = asked.length
    const { counts } = await answer<{ counts: { source: readonly { value: string; count: number }[] } }>(
      ["count", "health<0.7", "--by", "source"],
      options,
    )
    const last = counts.source.find(({ value }) => value === "elsewhere")?.count ?? 0
    expect(await trend.getAttribute("aria-label")).toContain(`${last} at last`)
    // What was, stays.
    await page.getByRole("button", { name: "Over time", exact: true }).click()
    await page.getByRole("button", { name: "Show over time" }).click()
    await trend.waitFor()
    expect(asked.length - known).toBeLessThanOrEqual(1)
    expect(await seriousOn(page)).toEqual([])
  })

  it("shows the columns that are chosen, exports what is seen, and keeps a query under a name", async () => {
    const { page, complaints } = await opened("/machines?q=name:db-*")
    await page.locator(".grid .row").first().waitFor()
    await page.getByText("Columns", { exact: true }).click()
    await page.getByLabel("Kernel").check()
    await page.getByLabel("Addresses").uncheck()
    await page.getByRole("columnheader", { name: "Kernel" }).waitFor()
    expect(await seriousOn(page)).toEqual([])
    await page.keyboard.press("Escape")
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export CSV" }).click(),
    ])
    const [head, ...rows] = fs
      .readFileSync(await download.path(), "utf8")
      .trim()
      .split(/\r?\n/)
    expect(head).toMatch(/^name,.*\bkernel\b/)
    expect(head).not.toContain("addresses")
    expect(rows.length).toBe(Number(await page.locator("h1 .count").innerText()))
    await page.getByText("Saved queries", { exact: true }).click()
    expect(await seriousOn(page)).toEqual([])
    await page.getByLabel("Name of the query").fill("databases")
    await page.keyboard.press("Enter")
    await page.getByRole("link", { name: "databases" }).click()
    await page.waitForURL(/q=saved:databases/)
    await until(async () => Number(await page.locator("h1 .count").innerText()) === rows.length)
    await page.getByRole("button", { name: "Forget databases" }).click()
    await page.getByRole("button", { name: "Really forget databases" }).click()
    await page.getByText("None is saved yet").waitFor()
    expect(complaints).toEqual([])
  })

  it("fits a phone: nothing of any page is wider than it", { timeout: 60_000 }, async () => {
    const { page } = await opened("/")
    await page.setViewportSize({ width: 390, height: 844 })
    const wide: string[] = []
    for (const address of [
      "/",
      "/machines",
      "/entities/db-main",
      "/history",
      "/compare?at=-2d",
      "/alerts",
      "/drift",
      "/discovery",
      "/topology",
    ]) {
      await page.goto(address)
      await page.locator("main h1").first().waitFor({ state: "attached" })
      await until(async () => (await page.locator('[aria-busy="true"]').count()) === 0)
      if (await page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth")) wide.push(address)
      await screenshot(page, `phone-${address.split(/[/?]/)[1] || "overview"}`)
    }
    expect(wide).toEqual([])
    // Nor is what stands above every page on a tablet.
    await page.setViewportSize({ width: 800, height: 1_000 })
    const ends = await page
      .locator(".controls > *")
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right))
    expect(Math.max(...ends)).toBeLessThanOrEqual(800)
    await page.setViewportSize({ width: 390, height: 844 })
    // Names in the drawing are as large as can be read.
    const names = page.locator(".drawing .title")
    const heights = await names.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height))
    expect(Math.min(...heights)).toBeGreaterThan(9)
  })

  it("scrolls sideways to the last column where there is no room for all", async () => {
    const { page } = await opened("/machines")
    await page.setViewportSize({ width: 500, height: 800 })
    await page.locator(".grid .row").first().waitFor()
    const last = page.locator(".grid .row").first().locator(".cell").last()
    expect(await last.evaluate((cell) => cell.getBoundingClientRect().left)).toBeGreaterThan(500)
    await page.locator(".grid .scroll").evaluate((scroll) => scroll.scrollBy(100_000, 0))
    const { x = 0, y = 0, width = 0, height = 0 } = (await last.boundingBox()) ?? {}
    const isThere = await last.evaluate<boolean, [number, number]>(
      (cell, [at, down]) => cell.contains(cell.ownerDocument.elementFromPoint(at, down)),
      [x + width / 2, y + height / 2],
    )
    expect([x > 0, x + width <= 500, isThere]).toEqual([true, true, true])
  })

  it("has on a phone what it has beside the content elsewhere: all pages, and what narrows a list", async () => {
    const { page } = await opened("/machines")
    await page.setViewportSize({ width: 390, height: 844 })
    const looked = async (name: string) => {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme })
        await screenshot(page, `phone-${name}-${colorScheme}`)
        expect([colorScheme, await seriousOn(page, inDark(colorScheme))]).toEqual([colorScheme, []])
      }
    }
    const links = page.getByRole("navigation", { name: "Pages" }).getByRole("link")
    await page.getByRole("button", { name: "Narrow by status" }).waitFor()
    expect(await links.count()).toBe(0)
    await page.getByRole("button", { name: "Pages" }).click()
    const boxes = await links.evaluateAll((all) => all.map((one) => one.getBoundingClientRect()))
    expect(boxes.length).toBeGreaterThan(10)
    expect(boxes.filter(({ left, right, bottom }) => left < 0 || right > 390 || bottom > 844)).toEqual([])
    await looked("pages")
    await links.filter({ hasText: "Services" }).click()
    await page.getByRole("heading", { level: 1, name: "Services" }).waitFor()
    await until(async () => (await links.count()) === 0)

    await page.getByRole("button", { name: /^Narrow by.*runtime/ }).click()
    const facet = page.getByRole("complementary", { name: "Narrow by" }).getByRole("button", { name: "systemd" })
    await facet.waitFor()
    await looked("facets")
    const said = Number(/\d+/.exec(await facet.innerText())?.[0])
    await facet.click()
    await page.waitForURL(/q=runtime:systemd/)
    await until(async () => Number(await page.locator("h1 .count").innerText()) === said)
    await page.keyboard.press("Escape")
    await facet.waitFor({ state: "hidden" })
  })

  it("goes everywhere by keyboard, and says how", async () => {
    const { page } = await opened("/")
    await page.locator(".tile").first().waitFor()
    await page.keyboard.press("?")
    await page.getByRole("heading", { name: "Keys" }).waitFor()
    expect(await page.locator(".help dd").allInnerTexts()).toContain("To the change before")
    expect(await seriousOn(page)).toEqual([])
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("m")
    await page.locator('.grid [role="row"].row').first().waitFor()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    const second = await page.locator('.row[aria-selected="true"] a').first().innerText()
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { level: 1, name: second, exact: true }).waitFor()
    await page.keyboard.press("/")
    await page.keyboard.type("ro")
    await page.getByRole("option", { name: "role:" }).waitFor()
    await page.keyboard.press("ArrowDown")
    expect(await seriousOn(page)).toEqual([])
  })

  it("says what can be asked for before anything is written, and leads to what is called as it begins", async () => {
    const { page, complaints } = await opened("/services")
    await page.locator(".grid .row").first().waitFor()
    await page.keyboard.press("/")
    const offered = page.getByRole("listbox", { name: "Completions" }).getByRole("option")
    await offered.filter({ hasText: /^status:$/ }).waitFor()
    // Who only passes by writes nothing.
    await page.keyboard.press("Tab")
    expect(await page.getByRole("combobox", { name: "Query" }).inputValue()).toBe("")
    await page.keyboard.press("/")
    await page.keyboard.type(filled.changed.name.slice(0, -2))
    await offered.filter({ hasText: `${filled.changed.name} machine` }).waitFor()
    expect(await seriousOn(page)).toEqual([])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { level: 1, name: filled.changed.name }).waitFor()
    await page.keyboard.press("/")
    await page.keyboard.type("postgr")
    await offered.filter({ hasText: `postgres service on ${filled.changed.name}` }).click()
    await page.getByRole("heading", { level: 1, name: "postgres" }).waitFor()
    expect(complaints).toEqual([])
  })

  it("lets go of what a list was narrowed by, part by part", async () => {
    const { page } = await opened("/services")
    const list = page.getByRole("complementary", { name: "Narrow by" })
    await list.getByRole("button", { name: "ams1" }).click()
    await page.waitForURL(/q=source:ams1$/)
    await list.getByRole("button", { name: "systemd" }).click()
    await page.waitForURL(/q=source:ams1\+runtime:systemd$/)
    await list.locator('[aria-pressed="true"]', { hasText: "ams1" }).click()
    await page.waitForURL(/q=runtime:systemd$/)
    await page.getByRole("button", { name: "Without runtime:systemd" }).click()
    await page.waitForURL(/services$/)
    expect(await page.locator(".asked").count()).toBe(0)
  })

  it("says when it is cut off, heals, and shows what happened meanwhile", async () => {
    const { page } = await opened("/machines")
    await page.getByText("Live").waitFor()
    await page.locator(".grid .row").first().waitFor()
    await page.context().setOffline(true)
    await page.getByText("Connection lost").waitFor()
    expect(await page.locator(".grid .row").count()).toBeGreaterThan(5)
    await page.context().setOffline(false)
    await page.getByText("Live").waitFor()
  })

  it("shows what happened after its first answer, though the stream opened later", async () => {
    const { page } = await opened("/nowhere")
    let open = () => {}
    const isLate = new Promise<void>((resolve) => (open = resolve))
    await page.route("**/api/v1/changes/stream*", async (route) => {
      await isLate
      await route.continue()
    })
    await page.goto(`/entities/${filled.changed.name}`)
    await page.getByRole("heading", { name: filled.changed.name }).waitFor()
    await answer(["tag", "add", filled.changed.name, "late"], options)
    open()
    const told = page.locator(".story li", { hasText: "Target tagged" })
    await told.waitFor()
    expect(await told.innerText()).toContain("late")
  })

  it("asks again whoever's token is no more, by itself and where they are", async () => {
    const short = await answer<{ secret: string }>(["token", "create", "short", "--scope", "read"], options)
    const { page } = await served.openApart("/machines?q=db", { secret: short.secret })
    await page.locator(".grid .row").first().waitFor()
    await page.getByText("Live").waitFor()
    await page.getByRole("combobox", { name: "Query" }).fill("name:db-main on the w")
    await answer(["token", "revoke", "short"], options)
    await page.getByText("Your session has ended").waitFor()
    expect(await page.locator(".grid .row").count()).toBeGreaterThan(0)
    await page.getByLabel("Token").fill(secret)
    await page.keyboard.press("Enter")
    await page.getByText("Your session has ended").waitFor({ state: "detached" })
    await page.getByText("Live").waitFor()
    // What was begun goes on where it was left.
    await until(() => page.evaluate<boolean>(`document.activeElement?.role === "combobox"`))
    await page.keyboard.type("ay")
    expect(await page.getByRole("combobox", { name: "Query" }).inputValue()).toBe("name:db-main on the way")
    expect(page.url()).toMatch(/\/machines\?q=db$/)
  })

  it.each([
    ["/machines?at=nonsense", "That is no point in time"],
    ["/machines?to=nonsense", '"nonsense" is not a point in time'],
    ["/machines?q=nothing:like:that", "That query cannot be understood"],
    ["/entities/nobody", "That is not here"],
    ["/nowhere/at/all", "There is no such page"],
    ["/machines?q=name:nobody", "Nothing is like that"],
  ])("says of %s what is wrong with it", async (address, said) => {
    const { page } = await opened(address)
    const sentence = page.locator("main").getByText(said).first()
    await sentence.waitFor()
    expect(await sentence.isVisible()).toBe(true)
  })

  it("leads from an address that is of nothing to the nearest that there is", async () => {
    const { page } = await opened("/entities/db-mian")
    await page.getByRole("link", { name: "db-main" }).click()
    await page.getByRole("heading", { level: 1, name: "db-main" }).waitFor()
    await page.goto("/events/999999")
    await page.getByRole("link", { name: /The last event/ }).click()
    await page.locator("h1 + .count").waitFor()
    await page.goto("/machines?q=nothing:like:that")
    await page.locator("main").getByRole("button", { name: "Ask for everything" }).last().click()
    await page.locator(".grid .row").first().waitFor()
    expect(page.url()).toMatch(/\/machines$/)
  })

  it("shows what a host says of itself as text", async () => {
    const { page, complaints } = await opened("/machines?q=name:*evil*")
    const link = page.locator(".grid .row a").first()
    await link.waitFor()
    expect(await link.innerText()).toBe("<img src=x onerror=document.title=1>\\u202eevil\\u200b")
    await link.click()
    await page.getByRole("heading", { level: 1 }).waitFor()
    expect(await page.locator("main img").count()).toBe(0)
    await page.goto("/topology")
    const drawn = page.locator(".tile-box", { hasText: "evil" })
    await drawn.waitFor()
    expect(await drawn.locator("title").textContent()).toContain("<img src=x onerror=document.title=1>\\u202eevil")
    expect(await page.locator("main img, svg image").count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it.each([
    ["overview", "/", ".trend span"],
    ["machines", "/machines", ".grid .row"],
    ["services", "/services", ".grid .row"],
    ["stacks", "/stacks", ".grid .head"],
    ["machines-past", "/machines?at=-2d", ".grid .row"],
    ["entity", "/entities/db-main", ".facet table"],
    ["entity-compared", "/entities/db-main?at=-20m&to=-70m", ".differences li"],
  ])("is fit for everybody at %s, in light and dark", async (name, address, seen) => {
    const { page, complaints, elsewhere } = await opened(address)
    await page.locator(seen).first().waitFor()
    await until(async () => (await page.locator('[aria-busy="true"]').count()) === 0)
    await screenshot(page, `${name}-light`)
    const inLight = await seriousOn(page)
    await page.emulateMedia({ colorScheme: "dark" })
    await screenshot(page, `${name}-dark`)
    expect([inLight, await seriousOn(page, inDark("dark"))]).toEqual([[], []])
    expect([complaints, elsewhere]).toEqual([[], []])
  })
})
