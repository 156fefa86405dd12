/**
 * For those who audit: an event opened and verified in the browser, a comparison, a snapshot taken and compared with, who had access. For those who operate: an alert taken
 * on, drift at a point, a look that is followed. By hand and by keyboard.
 */
import { beforeAll, describe, expect, it } from "vitest"
import { aBrowserIsHere, inDark, openWindow, screenshot, seriousOn } from "#tests/support/browser.js"
import { type PageFleet, fillForPage, hostileName } from "#tests/support/page-fleet.js"
import { answer } from "#tests/support/program.js"
import { until } from "#tests/support/until.js"
import { type ServedPage, servePage } from "#tests/support/served-page.js"
import { sharedByTests } from "#tests/support/when-finished.js"

/** For the browser: whether something blue is drawn there. */
const isLineIn = (canvas: string) => `(() => {
  const { width, height } = document.querySelector('${canvas}')
  const { data } = document.querySelector('${canvas}').getContext("2d").getImageData(0, 0, width, height)
  return data.some((red, at) => at % 4 === 0 && data[at + 3] > 200 && data[at + 2] - red > 100)
})()`

/** For the browser: what has the focus is called, and whether that can be seen. */
const focused = `(() => {
  const one = document.activeElement
  const name = one.getAttribute("aria-label") ?? one.labels?.[0]?.innerText ?? one.innerText ?? ""
  const { outlineStyle } = getComputedStyle(one)
  return [name.trim().split("\\n")[0], outlineStyle !== "none"]
})()`

describe.runIf(aBrowserIsHere())("the page, for auditors and operators", () => {
  let served: ServedPage<PageFleet>
  let filled: PageFleet
  const opened = (address: string) => served.open(address)

  beforeAll(() =>
    sharedByTests(async () => {
      served = await servePage("operate", fillForPage)
      filled = served.filled
      await answer(["proof", "checkpoint"], served.options)
      // Held to before its kernel changed, so that there is drift, and an alert of it.
      await answer(["pin", "golden", "--at", "-40m", "--q", `name:${filled.changed.name}`], served.options)
    }),
  )

  it("finds a change, opens its event, and verifies it in the browser", async () => {
    const { page, complaints, elsewhere } = await served.openApart("/history")
    await page.getByLabel("Field").fill("os.kernel")
    await page.getByLabel("Entity", { exact: true }).fill(filled.changed.name)
    await page.keyboard.press("Enter")
    await page.locator(".story li:first-child del", { hasText: filled.changed.before }).waitFor()
    await page.keyboard.press("Tab")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.waitForURL(/\/events\/\d+/)
    await page.getByRole("status").getByText("Verified here").waitFor()
    await page.locator("main ins", { hasText: filled.changed.after }).waitFor()
    await page.locator("pre", { hasText: filled.changed.after }).waitFor()
    // By keyboard to the events around it.
    const before = page.url()
    await page.keyboard.press("k")
    await page.waitForURL((now) => now.toString() !== before)
    await page.getByRole("status").getByText("Verified here").waitFor()
    // A browser that lacks what it takes says so, and neither that it holds nor that it does not.
    await page.addInitScript(
      "SubtleCrypto.prototype.importKey = async () => { throw new DOMException('', 'NotSupportedError') }",
    )
    await page.reload()
    const chip = page.locator(".tag.proof.warning")
    await chip.getByText("Could not be checked here").waitFor()
    expect(await chip.innerText()).toContain("it has no Ed25519")
    expect(await page.getByText("Verified here").count()).toBe(0)
    expect([complaints, elsewhere]).toEqual([[], []])
  })

  it("tells what changed between the two handles, and what the look that told it saw", async () => {
    const { page } = await opened("/history?at=-2d&to=-50h")
    await page.getByText("between the two handles").waitFor()
    await page.goto("/history?at=-20m&to=-40m")
    // What is told before it is known where the other handle is goes on until then.
    await until(async () => (await page.locator(".story li").count()) === 1)
    expect(await page.locator(".story li").innerText()).toContain(filled.changed.name)
    await page.goto("/events/3")
    await page.locator(".coverage", { hasText: "machines" }).waitFor()
  })

  it("takes a snapshot of the past, and compares now with it", async () => {
    const { page } = await opened("/history?field=os.kernel")
    const change = page.locator(".story li", { hasText: filled.changed.before })
    const position = Number(/#(\d+)/.exec(await change.innerText())?.[1])
    await page.goto(`/compare?at=position:${position - 1}`)
    await page.getByLabel(/^Name position/).fill("before-kernel")
    await page.getByRole("button", { name: "Take" }).press("Enter")
    await page.getByRole("button", { name: "before-kernel", exact: true }).press("Enter")
    await page.waitForURL(/at=snapshot:before-kernel/)
    await page.locator(".differences li", { hasText: filled.changed.name }).first().waitFor()
    await page.getByText(filled.changed.after).first().waitFor()
    await page.getByRole("button", { name: "Side by side" }).click()
    await page.locator(".side-by-side").waitFor()
    // The server asks for the field: what is counted is what is seen.
    await page.getByLabel("Field").fill("os.kernel")
    await page.keyboard.press("Enter")
    await page.locator(".panel .tag", { hasText: "1 changed" }).waitFor()
    await until(async () => (await page.locator(".differences li").count()) === 1)
    // Held to what it was then, until that is taken back.
    await page.getByRole("button", { name: "Pin before-kernel" }).click()
    await page.getByRole("link", { name: "Pinned" }).click()
    await page.locator("td", { hasText: "as it was at before-kernel" }).waitFor()
    await page.locator("tr", { hasText: "/os/kernel" }).getByText(filled.changed.after).waitFor()
    await page.getByRole("button", { name: "Withdraw before-kernel" }).click()
    await page.getByRole("button", { name: "Really withdraw before-kernel" }).click()
    await page.getByRole("button", { name: /withdraw before-kernel/i }).waitFor({ state: "detached" })
    await page.goto("/compare?at=snapshot:before-kernel")
    // Who presses by mistake and goes elsewhere has done nothing.
    await page.getByRole("button", { name: "Delete before-kernel" }).click()
    await page.getByLabel("Field").focus()
    await page.getByRole("button", { name: "Delete before-kernel" }).click()
    await page.getByRole("button", { name: "Really delete before-kernel" }).click()
    await page.getByRole("button", { name: "before-kernel", exact: true }).waitFor({ state: "detached" })
    expect(page.url()).toMatch(/\/compare\?/)
  })

  it("compares two machines, and hands out as JSON Patch what the API says, whatever they say of themselves", async () => {
    const { page, complaints } = await opened("/compare")
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"])
    await page.getByLabel("From", { exact: true }).fill("now")
    await page.getByLabel("Entity", { exact: true }).fill(filled.changed.name)
    await page.getByLabel("Against").fill(hostileName)
    await page.keyboard.press("Enter")
    const entry = page.locator(".differences li", { hasText: "identity/name" })
    await entry.locator("del", { hasText: filled.changed.name }).first().waitFor()
    await entry.getByRole("button", { name: "Copy as patch" }).click()
    await entry.getByText("Copied").waitFor()
    const copied = await page.evaluate<string>("navigator.clipboard.readText()")
    const asked = ["diff", "now", "--entity", filled.changed.name, "--against", hostileName]
    const { items } = await answer<{ items: readonly { patch: object }[] }>(asked, served.options)
    expect(JSON.parse(copied)).toEqual(items[0]?.patch)
    expect(copied).not.toContain("\u202e")
    // What is there without more to say of it is not nothing.
    const any = ["search", "source:ams1", "--kind", "target", "--limit", "2"]
    const { items: two } = await answer<{ items: readonly { entity: { id: string } }[] }>(any, served.options)
    await page.goto(`/compare?entity=${two[0]?.entity.id}&against=${two[1]?.entity.id}`)
    const address = page.locator(".fields", { hasText: "/addresses/ip:" }).first()
    await address.waitFor()
    expect(await address.innerText()).toMatch(/(?:there → none|none → there)$/)
    // The second handle alone compares now with then, and leads there from every page.
    await page.goto("/machines?q=name:db-*&to=-2d")
    const differing = page.locator(".banner").getByRole("link")
    await until(async () => /^\d+ \w+/.test(await differing.innerText()))
    const said = (await differing.innerText()).split(", ")
    await differing.click()
    await page.waitForURL(/\/compare\?.*q=name/)
    for (const one of said) await page.locator(".panel header .tag", { hasText: one }).waitFor()
    // From the earlier to the later, whichever handle is where: what has come since is created.
    await page.goto("/compare?to=-2d")
    await page.locator(".differences .tag", { hasText: "created" }).first().waitFor()
    expect(await page.getByLabel("From", { exact: true }).inputValue()).toBe("-2d")
    expect(complaints).toEqual([])
  })

  it("describes every operation of the API, asks it, and says how a terminal asks it", async () => {
    const { page, complaints, elsewhere } = await opened("/docs?at=-20m")
    const answered = page.locator(".tried [role=status] pre").last()
    await page.getByLabel("q query").fill(`name:${filled.changed.name}`)
    await page.getByRole("button", { name: "Send" }).click()
    await until(async () => (await answered.innerText()).includes(`"name": "${filled.changed.name}"`))
    const command = await page.locator(".tried pre", { hasText: "curl" }).innerText()
    expect(command).toBe(
      `curl -H "Authorization: Bearer $TOKEN" '${served.url}/api/v1/targets?q=name:${filled.changed.name}&at=-20m'`,
    )
    await page.getByRole("button", { name: "POST /snapshots", exact: true }).click()
    await page.getByLabel("name (must be given) body").fill("it's one")
    await page.getByRole("button", { name: "Send" }).click()
    // A name with a space is none: what is refused says why.
    await page.getByRole("heading", { name: "Answer: 400" }).waitFor()
    expect(await page.locator(".tried pre", { hasText: "curl" }).innerText()).toContain(`"name":"it'\\''s one"`)
    expect([complaints.filter((one) => !one.includes("400")), elsewhere]).toEqual([[], []])
  })

  it("says who exported, and hands out evidence", async () => {
    const { page } = await opened("/access")
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: /Evidence/ }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/\.tar$/)
    await page.reload()
    await page.locator("td", { hasText: "evidence position:0" }).first().waitFor()
    const [report] = await Promise.all([
      page.waitForEvent("popup"),
      page.getByRole("link", { name: "coverage" }).click(),
    ])
    await report.getByRole("heading", { name: "What discovery covers" }).waitFor()
    await report.close()
  })

  it("takes on an alert by keyboard, and says who did and why", async () => {
    const { page } = await opened("/")
    await page.getByRole("heading", { name: "Overview" }).waitFor()
    await page.keyboard.press("g")
    await page.keyboard.press("w")
    await page.getByRole("heading", { name: "Alerts", exact: true, level: 1 }).waitFor()
    await page.locator("tr", { hasText: filled.changed.name }).first().waitFor()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.getByLabel("Why").fill("on it")
    await page.getByRole("button", { name: "Acknowledge" }).press("Enter")
    await page.locator(".story li", { hasText: "on it" }).waitFor()
    await page.locator(".page-head", { hasText: "acknowledged" }).waitFor()
    // In the past it is as it was, and nothing can be done about it.
    await page.getByRole("button", { name: "Resolve" }).waitFor()
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme })
      await screenshot(page, `alert-${colorScheme}`)
      expect([colorScheme, await seriousOn(page, inDark(colorScheme))]).toEqual([colorScheme, []])
    }
    expect(page.url()).toMatch(/\/alerts\/[0-9a-f-]+$/)
    await page.getByRole("link", { name: "what is not as golden says" }).click()
    await page.getByRole("cell", { name: filled.changed.before, exact: true }).waitFor()
    await page.goto("/alerts/ffffffff-ffff-4fff-8fff-ffffffffffff")
    await page.getByRole("link", { name: "All alerts" }).waitFor()
  })

  it("is worked with by the keyboard alone, from signing in to following a look", { timeout: 120_000 }, async () => {
    const { page, complaints } = await openWindow(served.browser, served.url)
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    /** By so many presses of a key as a person bears; where the focus is can be seen at each of them. */
    const tabTo = async (what: string, key = "Tab") => {
      const gone: string[] = []
      for (let presses = 0; presses < 12; presses += 1) {
        await press(key)
        const [name, isSeen] = await page.evaluate<[string, boolean]>(focused)
        gone.push(isSeen ? name : `${name} (unseen)`)
        if (isSeen && name === what) return
      }
      expect(gone).toEqual([what])
    }
    const heading = (name: string) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor()

    await page.goto("/")
    await page.getByText("Open the link").waitFor()
    await page.keyboard.type(served.secret)
    await press("Enter")
    await page.locator(".tile").first().waitFor()

    // What is passed by on the way takes nothing along, and what leads to the content does.
    await page.goto("/machines")
    await page.locator(".grid .row").first().waitFor()
    await tabTo("Overview")
    await tabTo("To the content", "Shift+Tab")
    await press("Enter", "n", "n")
    await tabTo("Columns")
    await press("Enter")
    await tabTo("Name")
    await press("Escape")
    expect((await page.evaluate<[string]>(focused))[0]).toBe("Columns")

    await press("/")
    await page.keyboard.type(`name:${filled.changed.name}`)
    await press("Enter")
    await until(async () => (await page.locator(".grid .row").count()) === 1)
    await press("j", "Enter")
    await heading(filled.changed.name)
    const kernel = page.locator(".facet tr", { hasText: "kernel" })
    await kernel.getByText(filled.changed.after).waitFor()
    await press("[", "[")
    await kernel.getByText(filled.changed.before).waitFor()
    await press("c")
    await page.locator(".differences", { hasText: filled.changed.after }).waitFor()
    await press("c", ".")
    await kernel.getByText(filled.changed.after).waitFor()
    await until(async () => (await page.locator(".story del", { hasText: filled.changed.before }).count()) === 1)
    await press("j", "Enter")
    await page.waitForURL(/\/events\/\d+/)
    await page.getByRole("status").getByText("Verified here").waitFor()
    await page.locator("main ins", { hasText: filled.changed.after }).waitFor()

    await press("g", "w")
    await page.locator("tr", { hasText: filled.changed.name }).first().waitFor()
    await press("j", "Enter")
    await page.getByRole("heading", { name: "What has happened since" }).waitFor()
    await tabTo("Why")
    await page.keyboard.type("by hand")
    await tabTo("Acknowledge")
    await press("Enter")
    await page.locator(".story li", { hasText: "by hand" }).waitFor()

    await press("g", "c")
    await page.getByLabel("Name this moment").waitFor()
    await press("n", "n", "n")
    await tabTo("Name this moment")
    await page.keyboard.type("by-keys")
    await press("Enter")
    await page.getByRole("button", { name: "by-keys", exact: true }).waitFor()
    await tabTo("by-keys", "Shift+Tab")
    await press("Enter")
    await page.waitForURL(/at=snapshot:by-keys/)
    await page.getByText("There is no difference").waitFor()

    await press(".", "g", "i")
    await heading("Discovery")
    await tabTo("Look at everything now")
    await press("Enter")
    await page.getByRole("status").getByText("The look is done").waitFor()
    expect(complaints).toEqual([])
  })

  it("shows at once what others say, though nothing of the fleet has changed", async () => {
    const { page } = await opened("/compare")
    await page.getByText("Live").waitFor()
    await page.getByLabel("Name this moment").waitFor()
    const named = page.getByRole("button", { name: "said-elsewhere", exact: true })
    await answer(["snapshot", "create", "said-elsewhere"], served.options)
    await named.waitFor()
    await answer(["snapshot", "delete", "said-elsewhere"], served.options)
    await until(async () => (await named.count()) === 0)
    expect(await page.getByText("Live").count()).toBe(1)
  })

  it("plans a time in which nobody is told, and ends it", async () => {
    const { page } = await opened("/alerts")
    await page.getByLabel("Of", { exact: true }).fill("name:db-main")
    await page.getByLabel("What for").fill("a new disk")
    await page.keyboard.press("Enter")
    const row = page.locator("tr", { hasText: "a new disk" })
    await row.getByText("goes on").waitFor()
    expect(await row.innerText()).toContain("name:db-main")
    await row.getByRole("button", { name: "End it" }).click()
    await row.waitFor({ state: "detached" })
  })

  it("goes through the past with a rule, and leads to what it would have raised", async () => {
    const { page, complaints } = await opened("/alerts?state=silenced")
    await page.getByText("None is like that").waitFor()
    await page.getByRole("button", { name: "silenced", exact: true }).click()
    await page.getByLabel("By the rule").fill("unexpected-chnge")
    await page.getByLabel("From then").fill("-2d")
    await page.getByRole("button", { name: "Go through it" }).click()
    await page.getByText('did you mean "unexpected-change"?').waitFor()
    await page.getByLabel("By the rule").fill("")
    await page.getByLabel("Or rules of one's own").fill("- {name: kernels, on: [TargetChanged], where: 'name:db-main'}")
    await page.getByRole("button", { name: "Go through it" }).click()
    const raised = page.getByLabel("What a rule would have raised").locator("tr", { hasText: filled.changed.name })
    await raised.getByText("not raised").waitFor()
    await raised.getByRole("link", { name: filled.changed.name }).waitFor()
    await raised.locator("a[href^='/events/']").first().click()
    await page.locator("main ins", { hasText: filled.changed.after }).waitFor()
    expect(complaints).toEqual([])
  })

  it("says which changes are to come, and takes that back", async () => {
    const { page } = await opened("/drift")
    const expected = page.locator(".panel", { hasText: "Changes that are to come" })
    await expected.getByRole("button", { name: "Expect it" }).click()
    await expected.getByText("say what is to come").waitFor()
    await expected.getByLabel("Of", { exact: true }).fill(`name:${filled.changed.name}`)
    await expected.getByLabel("Fields").fill("os.kernel")
    await expected.getByLabel("Reason").fill("a new kernel")
    await expected.getByRole("button", { name: "Expect it" }).click()
    const row = expected.locator("tr", { hasText: "a new kernel" })
    await row.getByText("none came").waitFor()
    expect(await row.innerText()).toContain("/os/kernel")
    await row.getByRole("button", { name: "Not to come" }).click()
    await row.waitFor({ state: "detached" })
  })

  it("shows drift with the event that brought it, and none of it before that", async () => {
    const { page } = await opened("/drift")
    const row = page.locator("tr", { hasText: "/os/kernel" })
    await row.waitFor()
    expect(await row.innerText()).toContain(filled.changed.before)
    expect(await row.innerText()).toContain(filled.changed.after)
    await row.getByRole("link").last().click()
    await page.getByRole("status").getByText("Verified here").waitFor()
    await page.goto("/drift?at=-2d")
    await page.getByText("Everything is as it is meant to be").waitFor()
  })

  it("looks at the fleet now, and says how far it is and what it found", async () => {
    const { page } = await opened("/discovery")
    await page.locator("tr", { hasText: "here" }).getByRole("button", { name: "Look now" }).press("Enter")
    await page.getByRole("status").getByText("The look is done").waitFor()
    await page.goto("/discovery?at=-2d")
    await page.getByText("This is the past: go back to now").first().waitFor()
    expect(await page.getByRole("button", { name: "Look now" }).count()).toBe(0)
  })

  it("decides whether two sources tell of one machine, and takes that back; and says what fills the ledger", async () => {
    const { page, complaints } = await opened("/discovery")
    const review = page.locator(".panel", { hasText: "May be one machine" })
    const [one, two] = filled.doubtful.map((name) => review.locator("li", { hasText: name }))
    await one?.getByRole("button", { name: "They are one" }).click()
    await one?.waitFor({ state: "detached" })
    await two?.getByRole("button", { name: "They are two" }).click()
    await review.getByText("Nothing is doubtful").waitFor()
    const { items } = await answer<{ items: readonly { field: string; perDay: number }[] }>(["noise"], served.options)
    const rows = page.locator(".panel", { hasText: "What fills the ledger" }).locator("tbody tr")
    expect(await rows.first().innerText()).toMatch(
      new RegExp(`^${items[0]?.field.replaceAll("*", "\\*")}\\s.*\\s${items[0]?.perDay}\\s`, "s"),
    )
    const [merged, parted] = filled.doubtful
    const machines = async (name: string) => {
      await page.goto(`/machines?q=name:${name}`)
      await page.locator(".grid .row").first().waitFor()
      return page.locator(".grid .row").count()
    }
    expect([await machines(parted), await machines(merged)]).toEqual([2, 1])
    await page.locator(".grid .row a").first().click()
    await page.getByRole("button", { name: /is of another machine$/ }).click()
    await page.getByText("Told by").waitFor({ state: "detached" })
    expect(await machines(merged)).toBe(2)
    expect(complaints).toEqual([])
  })

  it("charts what was measured, now and at a point", async () => {
    const { page, complaints } = await opened("/machines?q=name:web-*")
    await page.locator(".grid .row a").first().click()
    await page.waitForURL(/\/entities\//)
    for (const at of ["", "?at=-2d"]) {
      await page.goto(`${page.url().replace(/\?.*/, "")}${at}`)
      const chart = page.getByRole("img", { name: /^usage › cpuPercent over time, at last [\d.]+ %, between/ })
      await chart.locator("canvas").waitFor()
      // A line is drawn, in the colour of lines.
      await until(() => page.evaluate<boolean>(isLineIn('[aria-label*="cpuPercent"] canvas')))
      await page
        .getByRole("img", { name: /rx over time, at last [\d.]+ [kMG]?B\/s/ })
        .first()
        .waitFor()
    }
    const shown = Number(
      /at last ([\d.]+)/.exec(
        (await page.getByRole("img", { name: /cpuPercent/ }).getAttribute("aria-label")) ?? "",
      )?.[1],
    )
    const name = await page.getByRole("heading", { level: 1 }).innerText()
    const asked = ["measurements", name, "--metric", "/usage/cpuPercent", "--at", "-2d"]
    const { series } = await answer<{ series: readonly { items: readonly { value: number }[] }[] }>(
      asked,
      served.options,
    )
    expect(shown).toBeCloseTo(series[0]?.items.at(-1)?.value ?? 0, 1)
    expect(complaints).toEqual([])
  })

  it("lists what differs a part at a time, and says how much more there is", async () => {
    const { page } = await opened("/compare?at=position:0")
    const listed = page.locator(".differences > li")
    await listed.first().waitFor()
    const first = await listed.count()
    const more = page.getByRole("button", { name: /^\d+ more$/ })
    const left = Number.parseInt(await more.innerText(), 10)
    await more.click()
    await until(async () => (await listed.count()) === first + left)
    expect([first, await more.count()]).toEqual([100, 0])
  })

  it("is fit for everybody, in the light and in the dark", { timeout: 120_000 }, async () => {
    const { page } = await opened("/")
    for (const [name, address, ready] of [
      ["history", "/history", ".story li"],
      ["event", "/events/3", ".tag.proof"],
      ["compare", "/compare?at=-2d", ".differences li"],
      ["access", "/access", "table.facts"],
      ["alerts", "/alerts", "table.facts"],
      ["drift", "/drift", "table.facts"],
      ["security", "/security", "table.facts"],
      ["discovery", "/discovery", "table.facts"],
      ["docs", "/docs", ".tried pre"],
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
