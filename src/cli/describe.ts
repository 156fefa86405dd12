/** Makes the command line's data out of the operations. Run as a program, at the end of a build, it writes them to a file. */
import * as fs from "node:fs"
import { pathToFileURL } from "node:url"
import * as z from "zod"
import type { Operation } from "#operations/define.js"
import { columnsOf } from "#operations/columns.js"
import { operations } from "#operations/registry.js"
import type { CommandSpec } from "./commands.js"

export function describeCommands(): CommandSpec[] {
  return operations.map((operation) => describeCommand(operation))
}

function describeCommand(operation: Operation): CommandSpec {
  const { name, kind, summary, route, command, input } = operation
  return {
    name,
    kind,
    endless: operation.kind === "stream" && operation.finite === undefined,
    summary,
    route,
    command,
    columns: columnsOf(operation),
    options: Object.entries(input.shape as Record<string, z.ZodType>).map(([field, schema]) => ({
      field,
      description: schema.description ?? "",
      flag: isFlag(schema),
    })),
  }
}

function isFlag(schema: z.ZodType): boolean {
  let inner = schema
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap() as z.ZodType
  return inner instanceof z.ZodUnion && inner.options.some((option) => option instanceof z.ZodBoolean)
}

const [program, file] = process.argv.slice(1)
if (file !== undefined && import.meta.url === pathToFileURL(program ?? "").href) {
  fs.writeFileSync(file, JSON.stringify(describeCommands()))
}
