/**
 * What dpkg has installed, from its own database: one read instead of a process, and the same on a machine whose dpkg is busy.
 * The format is that of deb822(5). A machine without it may have another package manager, of which this says nothing.
 */
import type { JsonObject } from "#kernel/json.js"
import type { Facts } from "./answer.js"
import { foreignText } from "./foreign.js"
import type { Materials } from "./material.js"

export function packagesFacts(materials: Materials): Facts {
  const status = materials["dpkg-status"]
  if ("text" in status) return { fields: installedPackages(status.text), notLooked: {} }
  return { fields: undefined, notLooked: { "/packages": "denied" in status ? status.denied : "no dpkg database" } }
}

interface Package {
  readonly name: string
  readonly version: string
  readonly architecture: string
}

/**
 * By `pkg:<name>`, or `pkg:<name>:<architecture>` for one of an architecture that is not dpkg's own: the two can be there at once,
 * and the name of the native one must not depend on whether they are.
 */
function installedPackages(status: string): JsonObject {
  const installed = [...packages(status)]
  const native = installed.find(({ name }) => name === "dpkg")?.architecture
  return Object.fromEntries(
    installed.map(({ name, version, architecture }) => {
      const key = architecture === native || architecture === "all" ? name : `${name}:${architecture}`
      return [`pkg:${foreignText(key)}`, { version: foreignText(version), architecture: foreignText(architecture) }]
    }),
  )
}

function* packages(status: string): Generator<Package> {
  // Every field of it then stands between two line ends.
  const text = `\n${status}\n`
  let start = 0
  while (start < text.length) {
    const blank = text.indexOf("\n\n", start)
    const end = blank === -1 ? text.length : blank + 1
    const paragraph = text.slice(start, end)
    // The third word is what it is; the first, what somebody wants it to be (install, hold, deinstall, …).
    if (field(paragraph, "\nStatus: ").split(" ")[2] === "installed")
      yield {
        name: field(paragraph, "\nPackage: "),
        version: field(paragraph, "\nVersion: "),
        architecture: field(paragraph, "\nArchitecture: "),
      }
    start = end
  }
}

/** A field of one line; continuation lines begin with a space, so none is taken for a field. */
function field(paragraph: string, marker: string): string {
  const at = paragraph.indexOf(marker)
  if (at === -1) return ""
  const start = at + marker.length
  return paragraph.slice(start, paragraph.indexOf("\n", start)).trim()
}
