/**
 * `<name>/<suite>,<suite> <version> <architecture> [upgradable from: <installed>]`, as `apt list` prints it. A version is for security when a suite has it that is
 * for that: `jammy-security`, `stable-security`.
 */
import type { Update } from "./update.js"

export function aptUpdates(lines: readonly string[]): readonly Update[] {
  return lines.flatMap((line) => {
    const [, name, suites = "", version, architecture] = /^([^\s/]+)\/(\S*) (\S+) (\S+) \[upgradable /.exec(line) ?? []
    if (name === undefined || version === undefined || architecture === undefined) return []
    return [{ name, architecture, version, security: suites.split(",").some((suite) => suite.endsWith("-security")) }]
  })
}
