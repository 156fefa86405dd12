/** Answers on standard output: for people, or in a format for programs. */
import { createRequire } from "node:module"
import type * as yaml from "yaml"
import { csvLine } from "#kernel/csv.js"
import { FleetError } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import { chosen, csvOf, csvRow, ndjsonOf, pick } from "#operations/list-formats.js"
import type { CommandSpec } from "./commands.js"
import type { Output } from "./outputs.js"
import { listOfFields, rowOfFields, tableOf } from "./tables.js"

export interface Rendering {
  readonly output?: Output
  readonly fields?: string
}

/**
 * Prints answers, or the items of a stream, one after the other.
 * @throws FleetError `InvalidInput` for fields that no item has, and for a format of lists where there is none
 */
export function renderer(spec: CommandSpec, { output = "table", fields }: Rendering): (answer: object) => void {
  const columns = fields === undefined ? undefined : chosen(spec.columns, fields)
  if (output === "csv" && spec.columns.length === 0) {
    throw new FleetError(
      "InvalidInput",
      `"${spec.name}" answers no list, which --output csv needs; json and yaml print it`,
    )
  }
  const write = (text: string) => process.stdout.write(text.endsWith("\n") ? text : `${text}\n`)
  if (spec.kind === "stream") return rendererOfItems(spec, output, columns, write)
  return (answer) => {
    const { items, ...rest } = answer as { readonly items?: readonly JsonObject[] }
    const isList = spec.columns.length > 0 && items !== undefined
    const picked = isList && columns !== undefined ? items.map((item) => pick(item, columns)) : items
    const told = isList ? { ...rest, items: picked } : answer
    switch (output) {
      case "table":
        return write(
          isList && columns !== undefined ? listOfFields(answer as never, columns) : tableOf(spec.name, answer),
        )
      case "json":
        return write(JSON.stringify(told, undefined, 2))
      case "yaml":
        return write(yamlOf(told))
      case "ndjson":
        return write(isList ? ndjsonOf(picked ?? []) : JSON.stringify(told))
      case "csv":
        return write(csvOf(items ?? [], columns ?? spec.columns))
    }
  }
}

function rendererOfItems(
  { name, columns: all }: CommandSpec,
  output: Output,
  columns: readonly string[] | undefined,
  write: (text: string) => void,
): (item: object) => void {
  let isBegun = false
  return (given) => {
    const item = given as JsonObject
    const picked = columns === undefined ? item : pick(item, columns)
    switch (output) {
      case "table":
        return write(columns === undefined ? tableOf(name, item) : rowOfFields(item, columns))
      case "json":
      case "ndjson":
        return write(JSON.stringify(picked))
      case "yaml":
        return write(`---\n${yamlOf(picked)}`)
      case "csv": {
        const shown = columns ?? all
        write(`${isBegun ? "" : csvLine(shown)}${csvRow(item, shown)}`)
        isBegun = true
      }
    }
  }
}

/** Its printer is loaded by who wants it. */
function yamlOf(value: object): string {
  const { stringify } = createRequire(import.meta.url)("yaml") as typeof yaml
  return stringify(value, { aliasDuplicateObjects: false })
}
