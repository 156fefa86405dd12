/** What lists on a terminal are made of. Everything that comes from the fleet passes through `printable`. */
import { stripVTControlCharacters } from "node:util"
import Table from "cli-table3"
import { type Json, isObject, jsonText } from "#kernel/json.js"
import { colours as pc } from "./colours.js"
import { printable } from "./printable.js"

export interface At {
  readonly position: number
  readonly time: string
}

/** Columns as wide as what is in them, no lines around them; on a terminal that is narrower, the widest ones give way. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = fitting(head, rows, process.stdout.columns)
  const bare = ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"]
  const inner = ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"]
  const chars = Object.fromEntries([...bare, ...inner].map((name) => [name, ""]))
  const table = new Table({
    head: head.map((title) => pc.bold(title)),
    chars: { ...chars, middle: "  " },
    ...(widths && { colWidths: widths }),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  })
  for (const row of rows) table.push([...row])
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
}

const between = 2
const narrowest = 8

/** Undefined where all of it has room, and where nobody looks: a pipe has no width. */
function fitting(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): number[] | undefined {
  if (width === undefined) return undefined
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => stripVTControlCharacters(row[i] ?? "").length)),
  )
  let over = widths.reduce((sum, one) => sum + one + between, -between) - width
  if (over <= 0) return undefined
  while (over > 0) {
    const [widest = 0, second = 0] = widths.toSorted((a, b) => b - a)
    if (widest <= narrowest) break
    const cut = Math.min(over, Math.max(1, widest - Math.max(second, narrowest)))
    widths[widths.indexOf(widest)] = widest - cut
    over -= cut
  }
  return widths
}

export function list(
  answer: { at: At; items: readonly Record<string, Json>[]; next: string | null },
  fields: readonly string[],
): string {
  const rows = answer.items.map((item) => fields.map((field) => cell(item[field])))
  const table = columns(fields.map(heading), rows)
  return `${table}\n${footer(answer, answer.items.length, "in all")}`
}

export function footer({ at, next }: { at: At; next: string | null }, count: number, what: string): string {
  const more = next === null ? "" : `; more with --cursor ${next}`
  return pc.dim(`${count} ${next === null ? what : "shown"} at ${at.time} (position ${at.position})${more}`)
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`
}

const headings: Readonly<Record<string, string>> = {
  cpuCores: "CPUS",
  memoryMiB: "MIB",
  latencyMs: "MS",
  createdAt: "CREATED",
  expiresAt: "EXPIRES",
  revokedAt: "REVOKED",
  savedAt: "SAVED",
  observedAt: "SINCE",
  recordedAt: "RECORDED",
  isHere: "HERE",
  nextAt: "NEXT",
}

function heading(field: string): string {
  return headings[field] ?? field.replaceAll(/[A-Z]/g, " $&").toUpperCase()
}

export function cell(value: Json | undefined): string {
  if (value === null || value === undefined) return "-"
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map((item) => cell(item as Json)).join(" ")
  return printable(jsonText(value))
}

export function nameOf(entity: Json | undefined): string {
  return isObject(entity) ? cell(entity["name"]) : "-"
}
