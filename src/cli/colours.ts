/** Colours are for a terminal: never for a file or another program, whatever `CI` says, and not where `NO_COLOR` asks for none (no-color.org). */
import * as tty from "node:tty"
import picocolors from "picocolors"

const { env } = process
const stdout = 1

export const colours = picocolors.createColors(tty.isatty(stdout) && !env["NO_COLOR"] && env["TERM"] !== "dumb")
