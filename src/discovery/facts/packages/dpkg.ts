/**
 * What dpkg has installed, from its own database: one read instead of a process, and the same on a machine whose dpkg is busy.
 * The format is that of deb822(5).
 */
import type { JsonObject } from "#kernel/json.js"
import { type Package, packageItems } from "./items.js"

/**
 * On the way to another version it is there, too: a look that came in the midst of an upgrade would tell that the package was removed, and the next that it
 * was installed. One that comes for the first time has no version before it is unpacked.
 */
const onTheWay = new Set(["triggers-pending", "triggers-awaited", "half-configured", "unpacked", "half-installed"])

export function dpkgPackages(status: string): JsonObject {
  return packageItems([...packages(status)], "dpkg", "all")
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
    const state = field(paragraph, "\nStatus: ").split(" ")[2] ?? ""
    const version = field(paragraph, "\nVersion: ")
    if (state === "installed" || (onTheWay.has(state) && version !== ""))
      yield {
        name: field(paragraph, "\nPackage: "),
        version,
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
