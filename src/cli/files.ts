/** Texts that are given as files. */
import * as fs from "node:fs"
import { FleetError, messageOf } from "#kernel/errors.js"

/**
 * `@FILE` is what the file holds, without the end of its last line, and `@-` what standard input does; any other text is meant as it stands.
 *
 * @param what it is given for, for the error
 * @throws FleetError `InvalidInput`
 */
export function textOf(given: string, what: string): string {
  if (!given.startsWith("@")) return given
  const file = given.slice(1)
  try {
    return fs.readFileSync(file === "-" ? 0 : file, "utf8").replace(/\r?\n$/, "")
  } catch (cause) {
    throw new FleetError("InvalidInput", `${what} cannot be read from ${file}: ${messageOf(cause)}`, { cause })
  }
}
