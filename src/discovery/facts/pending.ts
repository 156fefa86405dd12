/** What the machine's package manager would bring, and whether that is for security: its own words, behind a line that is its name. */
import type { JsonObject } from "#kernel/json.js"
import type { Answer } from "./answer.js"
import { foreignText } from "./foreign.js"
import type { Materials } from "./material.js"
import { packagesFacts } from "./packages.js"
import { apkUpdates } from "./pending/apk.js"
import { aptUpdates } from "./pending/apt.js"
import { dnfUpdates } from "./pending/dnf.js"
import { pacmanUpdates } from "./pending/pacman.js"
import type { Update } from "./pending/update.js"

const managers: ReadonlyMap<string, (lines: readonly string[]) => readonly Update[]> = new Map([
  ["apt", aptUpdates],
  ["dnf", dnfUpdates],
  ["yum", dnfUpdates],
  ["apk", apkUpdates],
  ["pacman", pacmanUpdates],
])

export function pendingUpdates(materials: Materials): Answer {
  const said = materials.updates
  if ("absent" in said) return { why: "no package manager that is known" }
  if ("denied" in said) return { why: said.denied }
  const [manager = "", ...lines] = said.text.split("\n")
  const refused = lines.find((line) => line.startsWith("denied "))
  if (refused !== undefined) return { why: foreignText(refused.slice("denied ".length)) }
  const understand = managers.get(manager)
  if (understand === undefined) return { why: "it is not known what this package manager says" }
  return { value: items(understand(lines), packagesFacts(materials).fields ?? {}) }
}

/** Under the key of what is installed, which has the architecture in it where that is not the machine's own. */
function items(updates: readonly Update[], installed: JsonObject): JsonObject {
  return Object.fromEntries(
    updates.map(({ name, architecture, version, security }) => {
      const own = `pkg:${foreignText(name)}`
      const foreign = `pkg:${foreignText(`${name}:${architecture}`)}`
      return [foreign in installed ? foreign : own, { version: foreignText(version), security }]
    }),
  )
}
