/** The drawing of the fleet: legible when it is large, gone through by keyboard, as it was at any point, and the same in words. */
import { beforeAll, describe, expect, it } from "vitest"
import { aBrowserIsHere, screenshot, seriousOn } from "#tests/support/browser.js"
import { type Racks, fillRacks } from "#tests/support/racks.js"
import { type ServedPage, servePage } from "#tests/support/served-page.js"
import { sharedByTests } from "#tests/support/when-finished.js"
import { until } from "#tests/support/until.js"

describe.runIf(aBrowserIsHere())("the drawing", () => {
  let served: ServedPage<Racks>
  let filled: Racks
  const opened = (address: string) => served.open(address)

  beforeAll(() =>
    sharedByTests(async () => {
      served = await servePage("read", (data, env) => fillRacks(data, env, 450))
      filled = served.filled
    }),
  )

  it("shows five hundred machines so that their names can be read, and opens what is closed", async () => {
    const { page, complaints, elsewhere } = await opened("/topology")
    await page.locator(".tile-box").first().waitFor()
    expect(Number(await page.locator("h1 .count").innerText())).toBeGreaterThanOrEqual(filled.machines)
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
    const { page } = await opened("/topology?as=list")
    const { name, before, after } = filled.moved
    const host = page.locator(".standing section", { hasText: name }).locator("h3")
    await host.getByText(after).waitFor()
    await page.goto("/topology?as=list&at=-150m")
    await host.getByText(before).waitFor()
    expect(await host.innerText()).toContain(before)
  })

  it("is fit for everybody, in the light and in the dark", async () => {
    const { page } = await opened("/")
    for (const [name, address, ready] of [
      ["topology", "/topology", ".tile-box"],
      ["topology-cluster", "/topology?q=name:lab-*", ".tile-box"],
      ["topology-list", "/topology?as=list", ".standing li"],
    ] as const) {
      await page.goto(address)
      await page.locator(ready).first().waitFor()
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme })
        await screenshot(page, `${name}-${colorScheme}`)
        expect([name, colorScheme, await seriousOn(page)]).toEqual([name, colorScheme, []])
      }
    }
  })
})
