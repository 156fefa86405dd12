/**
 * `<name>.<architecture> <version>-<release> <repository>`, as `dnf check-update` prints it, over two lines where that is too long; and of the advisories
 * that are about what would come, each with the package that it is about. What is replaced by another package is listed behind a title of its own.
 */
import type { Update } from "./update.js"

export function dnfUpdates(lines: readonly string[]): readonly Update[] {
  const advisories = lines.filter((line) => line.startsWith("advisory "))
  const secured = new Set(advisories.filter((line) => /\ssecurity\s|\/Sec\./i.test(line)).flatMap(packageOf))
  return listed(lines).map((update) => ({
    ...update,
    // A repository may come without advisories.
    security: advisories.length === 0 ? null : secured.has(`${update.name}.${update.architecture}`),
  }))
}

function listed(lines: readonly string[]) {
  const words = lines.filter((line) => line.startsWith("update ")).map((line) => line.slice("update ".length))
  const end = words.findIndex((line) => /^obsoleting/i.test(line))
  const joined = words
    .slice(0, end === -1 ? words.length : end)
    .join("\n")
    .replaceAll(/\n\s+/g, " ")
  return joined.split("\n").flatMap((line) => {
    const [, name, architecture, version] = /^(\S+)\.([^.\s]+)\s+(\S+)\s+\S+\s*$/.exec(line) ?? []
    if (name === undefined || architecture === undefined || version === undefined) return []
    return [{ name, architecture, version }]
  })
}

/** `openssl-libs-1:3.0.7-27.el9.x86_64` is openssl-libs of x86_64. */
function packageOf(advisory: string): string[] {
  return advisory.split(/\s+/).flatMap((word) => {
    const [, name, architecture] = /^(.+)-[^-]+-[^-]+\.([^.-]+)$/.exec(word) ?? []
    return name === undefined ? [] : [`${name}.${architecture}`]
  })
}
