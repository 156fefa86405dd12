/** `<name> <installed> -> <version to come>`, as `pacman -Qu` prints it; what is to be left as it is says so behind that. */
import type { Update } from "./update.js"

export function pacmanUpdates(lines: readonly string[]): readonly Update[] {
  return lines.flatMap((line) => {
    const [, name, version] = /^(\S+) \S+ -> (\S+)$/.exec(line.trim()) ?? []
    return name === undefined || version === undefined ? [] : [{ name, version, security: null }]
  })
}
