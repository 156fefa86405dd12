/**
 * The operations as the command line needs them: plain data, written beside this file when the program is built. So help, completion and a call
 * that a server answers load no schema library and no operation.
 */
import * as fs from "node:fs"
import type { Command, Operation, Route } from "#operations/define.js"

export interface CommandOption {
  /** The operation's input. */
  readonly field: string
  readonly description: string
  /** Yes or no: takes no value. */
  readonly flag: boolean
}

export interface CommandSpec {
  /** Of the operation. */
  readonly name: string
  readonly kind: Operation["kind"]
  /** A stream that waits for what comes. */
  readonly endless: boolean
  readonly summary: string
  readonly route: Route
  readonly command: Command
  /** Every input, those given by position too. */
  readonly options: readonly CommandOption[]
  /** Of the items that it lists; none where it does not list. */
  readonly columns: readonly string[]
}

const file = new URL("commands.json", import.meta.url)

/** As the build wrote them; made from the operations where there was no build (running from source). */
export async function loadCommands(): Promise<readonly CommandSpec[]> {
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, "utf8")) as CommandSpec[]
  const { describeCommands } = await import("./describe.js")
  return describeCommands()
}
