/** The drawing of the fleet: legible when it is large, gone through by keyboard, as it was at any point, and the same in words. */
import { beforeAll, describe, expect, it } from "vitest"
import { aBrowserIsHere, inDark, screenshot, seriousOn } from "#tests/support/browser.js"
import { type Racks, fillRacks } from "#tests/support/racks.js"
import { type ServedPage, servePage } from "#tests/support/served-page.js"
import { sharedByTests } from "#tests/support/when-finished.js"
import { until } from "#tests/support/until.js"

/** Some 550 machines. */
const halfOfIt = "/topology?q=-role:production -role:development"

describe.runIf(aBrowserIsHere())("the drawing", () => {
  let served: ServedPage<Racks>
  let filled: Racks
  const opened = (address: string) => served.open(address)

  beforeAll(() =>
    sharedByTests(async () => {
      served = await servePage("read", (data, env) => fillRacks(data, env, 1_004))
      filled = served.filled
    }),
  )

  it("shows five hundred machines so that their names can be read, and opens what is closed", async () => {
    const { page, complaints, elsewhere } = await opened(halfOfIt)
    await page.locator(".tile-box").first().waitFor()
    expect(Number(await page.locator("h1 .count").innerText())).toBeGreaterThanOrEqual(500)
    const heights = await page
      .locator(".drawing .title")
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height))
    expect(Math.min(...heights)).toBeGreaterThan(9)
    const closed = page.locator('.head[aria-expanded="false"]').first()
    const [name, tiles] = [await closed.getAttribute("data-key"), await page.locator(".tile-box").count()]
    await closed.click()
    await until(async () => (await page.locator(".tile-box").count()) > tiles)
    expect(name).toContain("edge")
    expect([complaints, elsewhere]).toEqual([[], []])
  })

  it("of more than can be drawn says how each part is, and draws the part that is opened", async () => {
    const { page, complaints } = await opened("/topology")
    const part = (name: string) => page.locator(".part", { has: page.getByText(name, { exact: true }) })
    await part("edge").getByText("1004 machines, 25 critical").waitFor()
    expect(Number(await page.locator("h1 .count").innerText())).toBeGreaterThanOrEqual(filled.machines)
    expect(await part("edge").getAttribute("class")).toContain("critical")
    await part("edge").press("Enter")
    await part("production").getByText("251 machines").waitFor()
    await part("production").press("Enter")
    await until(async () => (await page.locator(".tile-box").count()) === 251)
    await page.getByRole("link", { name: "All machines" }).click()
    await part("lab").click()
    await page.locator(".tile-box", { hasText: filled.moved.name }).waitFor()
    expect(complaints).toEqual([])
  })

  it("is gone through by arrow keys, and leads to the machine", async () => {
    const { page } = await opened("/topology?q=name:lab-*")
    await page.locator(".tile-box").first().waitFor()
    await page.locator('.drawing [tabindex="0"]').focus()
    for (const key of ["ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key)
    const focused = await page.evaluate<string>("document.activeElement.querySelector('title').textContent")
    const name = /^(lab-guest-\d+): (?:healthy|warning|critical)/.exec(focused)?.[1] ?? focused
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { level: 1, name, exact: true }).waitFor()
    expect(name).toMatch(/^lab-guest-\d+$/)
  })

  it("shows where a guest was before it was moved", async () => {
    const { page } = await opened("/topology?as=list&q=name:lab-*")
    const { name, before, after } = filled.moved
    const host = page.locator(".standing section", { hasText: name }).locator("h3")
    await host.getByText(after).waitFor()
    await page.goto("/topology?as=list&q=name:lab-*&at=-150m")
    await host.getByText(before).waitFor()
    expect(await host.innerText()).toContain(before)
  })

  it("is fit for everybody, in the light and in the dark", async () => {
    const { page } = await opened("/")
    for (const [name, address, ready] of [
      ["topology-parts", "/topology", ".part.critical"],
      ["topology", halfOfIt, ".tile-box"],
      ["topology-cluster", "/topology?q=name:lab-*", ".tile-box"],
      ["topology-list", "/topology?as=list&q=name:lab-*", ".standing li"],
    ] as const) {
      await page.goto(address)
      await page.locator(ready).first().waitFor()
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme })
        await screenshot(page, `${name}-${colorScheme}`)
        expect([name, colorScheme, await seriousOn(page, inDark(colorScheme))]).toEqual([name, colorScheme, []])
      }
    }
  })
})
