/** The version of this program, from its package.json. */
import * as fs from "node:fs"

const here = new URL(".", import.meta.url)
/** The compiled file lies one folder deeper than its source. */
const candidates = [new URL("../package.json", here), new URL("../../package.json", here)]
const found = candidates.find((url) => fs.existsSync(url))

export const version: string =
  found === undefined ? "unknown" : (JSON.parse(fs.readFileSync(found, "utf8")) as { version: string }).version
