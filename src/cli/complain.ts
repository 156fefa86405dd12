/** Errors on the command line: one sentence, and an exit code that scripts can rely on. */
import { FleetError } from "#kernel/errors.js"
import { printable } from "./printable.js"

/** 2: it was called wrongly (or about what is not there); 1: it failed. */
export function exitCodeOf(error: unknown): number {
  return error instanceof FleetError && ["input", "missing", "denied"].includes(error.kind) ? 2 : 1
}

/** Its message may be of a machine or of a server. */
function traceOf(error: unknown): string {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return trace
    .split("\n")
    .map((line) => printable(line))
    .join("\n")
}

export function complain(error: unknown): void {
  if (error instanceof FleetError) process.stderr.write(`fleet-ledger: ${printable(error.message)}\n`)
  else process.stderr.write(`fleet-ledger: this should not have happened; please report it:\n${traceOf(error)}\n`)
}
