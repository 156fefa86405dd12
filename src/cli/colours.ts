/** Colours are for a terminal: never for a file or another program, whatever `CI` says, and not where `NO_COLOR` asks for none (no-color.org). */
import picocolors from "picocolors"

const { env, stdout } = process

export const colours = picocolors.createColors(Boolean(stdout.isTTY) && !env["NO_COLOR"] && env["TERM"] !== "dumb")
