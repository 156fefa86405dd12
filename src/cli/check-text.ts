/** Checks on a terminal. */
import { type Json, isObject } from "#kernel/json.js"
import { colours as pc } from "./colours.js"
import { columns, nameOf, plural } from "./columns.js"
import { printable } from "./printable.js"

/** Of the list. */
export function checkRow(item: Record<string, Json>): Record<string, Json> {
  const since = isObject(item["since"]) ? (item["since"]["time"] ?? null) : null
  return { ...item, about: nameOf(item["about"]), since }
}

interface Run {
  readonly name: string
  readonly about: { readonly name: string } | null
  readonly result: string
  readonly detail: string | null
  readonly latencyMs: number | null
  readonly status: string
  readonly changed: boolean
}

export function checkRunText({ runs, changes }: { runs: Run[]; changes: number }): string {
  if (runs.length === 0) return pc.dim("no check is configured, or none finds anything to be run at")
  const rows = runs.map(({ name, about, result, detail, latencyMs, status, changed }) => [
    printable(name),
    printable(about?.name ?? ""),
    result === status ? result : `${result}, told as ${status}`,
    changed ? "new" : "",
    latencyMs === null ? "" : String(latencyMs),
    printable(detail ?? ""),
  ])
  const table = columns(["NAME", "ABOUT", "RESULT", "", "MS", "DETAIL"], rows)
  return `${table}\n${pc.dim(`${plural(runs.length, "check")} run, ${plural(changes, "change")}`)}`
}
