/** Texts that are given as files. */
import * as fs from "node:fs"
import { once } from "node:events"
import type { Readable } from "node:stream"
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

/** What a file holds, as it is read; `-` is standard input. @throws FleetError `InvalidInput` when it cannot be opened */
export async function contentOf(file: string): Promise<Readable> {
  if (file === "-") return process.stdin
  const content = fs.createReadStream(file)
  try {
    await once(content, "open")
    return content
  } catch (cause) {
    throw new FleetError("InvalidInput", `${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
