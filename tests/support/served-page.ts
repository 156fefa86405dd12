/** The page as the real program serves it, and a browser that is known there: shared by the tests of a file. */
import type { Browser } from "playwright-core"
import { type Opened, launchBrowser, openWindow } from "./browser.js"
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
  /** A window of its own, as one who is known. */
  open(address: string): Promise<Opened>
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
  return {
    options,
    url,
    browser,
    secret,
    filled,
    async open(address) {
      const window = await openWindow(browser, url)
      await window.page.context().addCookies([{ name: "fleet_ledger_session", value: secret, url }])
      await window.page.goto(address)
      return window
    },
  }
}
