/** The page as the real program serves it, and a browser that is known there: shared by the tests of a file. */
import type { Browser, BrowserContextOptions } from "playwright-core"
import { type Opened, asIfNew, launchBrowser, openWindow } from "./browser.js"
import { freePort } from "./free-port.js"
import { type Options, answer, startServer } from "./program.js"
import { tempFolder } from "./temp-folder.js"

export interface ServedPage<F> {
  readonly options: Options
  readonly url: string
  readonly browser: Browser
  /** Of who is known. */
  readonly secret: string
  /** What the folder was filled with. */
  readonly filled: F
  /** In the window of one who is known: the same for all tests, as if it were new. One that is new takes a second of a processor. */
  open(address: string): Promise<Opened>
  /** In a window of its own, which may be somebody else's. */
  openApart(address: string, whose?: BrowserContextOptions & { readonly secret?: string }): Promise<Opened>
}

/** @param fill the folder, given what the program is run with afterwards: where its keys are */
export async function servePage<F>(
  scope: "read" | "operate",
  fill: (data: string, env: NodeJS.ProcessEnv) => Promise<F>,
): Promise<ServedPage<F>> {
  const options = { data: `${await tempFolder()}/data` }
  const filled = await fill(options.data, { HOME: options.data, FLEET_LEDGER_KEYS: `${options.data}-keys` })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  await startServer(port, options)
  const { secret } = await answer<{ secret: string }>(["token", "create", "page", "--scope", scope], options)
  const browser = await launchBrowser()
  const known = async (whose: BrowserContextOptions, token: string) => {
    const window = await openWindow(browser, url, whose)
    await window.page.context().addCookies([{ name: "fleet_ledger_session", value: token, url }])
    return window
  }
  const window = await known({}, secret)
  await window.page.goto("/")
  return {
    options,
    url,
    browser,
    secret,
    filled,
    async open(address) {
      await asIfNew(window)
      await window.page.goto(address)
      return window
    },
    async openApart(address, { secret: token = secret, ...whose } = {}) {
      const own = await known(whose, token)
      await own.page.goto(address)
      return own
    },
  }
}
