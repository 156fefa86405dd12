/** Debian's Chromium, headless, with a profile of its own, for the page's tests: what goes wrong in it is kept, and nothing is fetched from elsewhere. */
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { type Browser, type BrowserContextOptions, type Page, chromium } from "playwright-core"
import { needs } from "./real-parts.js"
import { whenFinished } from "./when-finished.js"

const executablePath = "/usr/bin/chromium"
const quiet =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"

export function aBrowserIsHere(): boolean {
  return needs("chromium", fs.existsSync(executablePath))
}

export async function launchBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args: quiet.split(" ") })
  whenFinished(() => browser.close())
  return browser
}

export interface Opened {
  readonly page: Page
  /** What the browser complained of: errors of scripts, and what the policy forbade. */
  readonly complaints: string[]
  /** Addresses on other hosts that were asked for. */
  readonly elsewhere: string[]
}

const viewport = { width: 1_440, height: 900 }

/** A window of its own, with its own cookies. */
export async function openWindow(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ baseURL: url, viewport, ...options })
  whenFinished(() => context.close())
  const page = await context.newPage()
  // Less than a test may take, so that what was waited for in vain is named.
  page.setDefaultTimeout(15_000)
  const [complaints, elsewhere]: [string[], string[]] = [[], []]
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("console", (message) => {
    // Refusals are the server's to say, and tests ask for some.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text())
  })
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(?:data|blob):/.test(request.url())) elsewhere.push(request.url())
  })
  return { page, complaints, elsewhere }
}

/** What a test did to a window is undone: it has its cookies, and nothing else. It is where it was. */
export async function asIfNew({ page, complaints, elsewhere }: Opened): Promise<void> {
  await page.context().setOffline(false)
  await page.unrouteAll({ behavior: "ignoreErrors" })
  await page.emulateMedia({ colorScheme: "light" })
  await page.setViewportSize(viewport)
  await page.mouse.move(0, 0)
  await page.evaluate("localStorage.clear()")
  complaints.length = 0
  elsewhere.length = 0
}

const axe = () => fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** What axe-core finds serious by all rules, or by some: the rule, and what of the page breaks it. */
export async function seriousOn(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe())
  const found = await page.evaluate<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>(
    `axe.run(${JSON.stringify({ resultTypes: ["violations"], selectors: false, ...(rules && { runOnly: rules }) })})`,
  )
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html }) => html.slice(0, 200))
          .join(" | ")}`,
    )
}

/** The rules for a page that was looked at in the light before: what is not of colours is as it was. */
export function inDark(scheme: "light" | "dark"): readonly string[] | undefined {
  return scheme === "dark" ? ["color-contrast"] : undefined
}

/** Into a folder that nobody commits, to be looked at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(".screenshots", `${name}.png`) })
}
