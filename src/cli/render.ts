/** Answers on standard output: JSON as it is, or for people. */
import type { CommandSpec } from "./commands.js"
import { tableOf } from "./tables.js"

export function render(spec: CommandSpec, answer: object, output: "table" | "json" = "table"): void {
  const text =
    output === "json"
      ? JSON.stringify(answer, undefined, spec.kind === "stream" ? undefined : 2)
      : tableOf(spec.name, answer)
  process.stdout.write(`${text}\n`)
}
