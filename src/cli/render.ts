/** Answers on standard output: JSON as it is, or for people. */
import type { Operation } from "#operations/define.js"
import { tableOf } from "./tables.js"

export function render(operation: Operation, answer: object, output: "table" | "json" = "table"): void {
  const text =
    output === "json"
      ? JSON.stringify(answer, undefined, operation.kind === "stream" ? undefined : 2)
      : tableOf(operation.name, answer)
  process.stdout.write(`${text}\n`)
}
