/** `<name>-<version>-r<build> < <version to come>`, as `apk version` prints it. What is for security is not in apk's lists. */
import type { Update } from "./update.js"

export function apkUpdates(lines: readonly string[]): readonly Update[] {
  return lines.flatMap((line) => {
    const [, name, version] = /^(\S+)-[^-\s]+-r\d+\s+<\s+(\S+)/.exec(line) ?? []
    return name === undefined || version === undefined ? [] : [{ name, version, security: null }]
  })
}
