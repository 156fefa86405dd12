/** Drift, baselines and rules on a terminal. */
import { type Json, isObject } from "#kernel/json.js"
import { unescapeKey } from "#kernel/pointer.js"
import { colours as pc } from "./colours.js"
import { type At, cell, columns, plural } from "./columns.js"
import { printable, valueText } from "./printable.js"

interface Item {
  readonly baseline: string
  readonly rule: string | null
  readonly severity: string
  readonly verdict: string
  readonly entity: { readonly name: string; readonly kind: string }
  readonly field: string
  readonly expected: Json
  readonly actual: Json
  readonly text: string | null
  readonly since: {
    readonly position: number
    readonly time: string
    readonly by: string | null
    readonly actor: string
    readonly expectation: string | null
  } | null
}

interface Broken {
  readonly baseline: string
  readonly rule: string
  readonly why: string
}

interface Answer {
  readonly at: At
  readonly items: readonly Item[]
  readonly next: string | null
  readonly counts: { readonly drift: number; readonly unknown: number }
  readonly broken: readonly Broken[]
}

export function driftText({ at, items, next, counts, broken }: Answer): string {
  const cannot = counts.unknown === 0 ? "" : `, ${counts.unknown} cannot be said (--unknown)`
  const more = next === null ? "" : `; ${items.length} shown, more with --cursor ${next}`
  return [
    ...items.flatMap(itemLines),
    ...broken.map(
      ({ baseline, rule, why }) =>
        `${pc.yellow("not understood")}: the rule ${printable(rule)} of ${printable(baseline)}: ${printable(why)}`,
    ),
    pc.dim(`${counts.drift} drifted${cannot} at ${at.time} (position ${at.position})${more}`),
  ].join("\n")
}

const marks: Readonly<Record<string, string>> = { warning: pc.yellow("!"), critical: pc.red("!") }

function itemLines(item: Item): string[] {
  const { baseline, rule, severity, verdict, entity, field, text, since } = item
  const mark = verdict === "unknown" ? pc.dim("?") : (marks[severity] ?? "!")
  const by = rule === null ? baseline : `${baseline}/${rule}`
  const when =
    since === null
      ? ""
      : pc.dim(
          `  since ${since.time} (position ${since.position}) by ${printable(since.by ?? since.actor)}${since.expectation === null ? "" : `, ${since.expectation}`}`,
        )
  const title = `${mark} ${pc.bold(printable(entity.name))} ${pc.dim(`(${entity.kind})`)}  ${pc.dim(printable(by))}${when}`
  const path = field === "" ? [] : [field.slice(1).split("/").map(unescapeKey).join(".")]
  const values =
    rule === null
      ? path.map(
          (name) => `${printable(name)}  ${pc.green(valueText(item.expected))} → ${pc.red(valueText(item.actual))}`,
        )
      : path.map((name) => `${printable(name)}  is ${pc.red(valueText(item.actual))}`)
  const said = text === null ? [] : [printable(text)]
  return [title, ...[...values, ...said].map((line) => `    ${line}`)]
}

/** Of the list. */
export function baselineRow({
  of,
  point,
  snapshot,
  rules,
  since,
  ...item
}: Record<string, Json>): Record<string, Json> {
  const pinned = snapshot ?? (isObject(point) ? (point["time"] ?? null) : null)
  return {
    ...item,
    of: of === "rules" ? plural(Number(rules), "rule") : cell(pinned),
    since: isObject(since) ? (since["time"] ?? null) : null,
  }
}

export function pinnedText({ name, point, changed }: { name: string; point: At; changed: boolean }): string {
  return `${printable(name)} is ${point.time} (position ${point.position})${changed ? "" : pc.dim(", as before")}`
}

export function rulesText({ yaml }: { yaml: string }): string {
  return yaml.trimEnd().split("\n").map(printable).join("\n")
}

export function adoptedText({ name, rules, changed }: { name: string; rules: number; changed: boolean }): string {
  return `${printable(name)}: ${plural(rules, "rule")} in force${changed ? "" : pc.dim(", as before")}`
}

interface Checked {
  readonly at: At
  readonly rules: readonly { readonly rule: string; readonly drift: number; readonly unknown: number }[]
  readonly items: readonly Item[]
  readonly total: number
}

export function checkedRulesText({ at, rules, items, total }: Checked): string {
  const table = columns(
    ["RULE", "DRIFT", "UNKNOWN"],
    rules.map(({ rule, drift, unknown }) => [printable(rule), String(drift), String(unknown)]),
  )
  const more = total > items.length ? `${items.length} of ${total}` : String(total)
  return [
    ...items.flatMap(itemLines),
    table,
    pc.dim(`${more} at ${at.time} (position ${at.position}); nothing was adopted`),
  ].join("\n")
}
