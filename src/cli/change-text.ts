/** Changes as a person reads them, one by one and by time. */
import type { Json } from "#kernel/json.js"
import type { MarkedChange } from "#drift/marked.js"
import type { Change } from "#timeline/change.js"
import type { Bucket } from "#timeline/density.js"
import { colours as pc } from "./colours.js"
import { type At, columns, footer } from "./columns.js"
import { printable, valueText } from "./printable.js"

const marks = { expected: ` ${pc.green("expected")}`, surprising: ` ${pc.yellow("surprising")}` } as const

export function changeText(change: MarkedChange): string {
  const { observedAt, type, entity, changes, source, position, expectation, ...why } = change
  const mark = expectation === null ? "" : marks[expectation]
  const title = `${pc.dim(observedAt)}  ${pc.bold(type)}  ${printable(entity.name)} ${pc.dim(`(${entity.kind}, from ${printable(source ?? "-")}, position ${position})`)}${mark}`
  return [title, ...whyText(why), ...changes.map(fieldText)].join("\n")
}

/** Who did it, when and why, as far as that is known. */
function whyText({ by, reason, occurredAt }: Pick<Change, "by" | "reason" | "occurredAt">): string[] {
  if (by === null && reason === null) return []
  const who = by === null ? "" : `by ${pc.bold(printable(by))}`
  const when = occurredAt === undefined ? "" : `at ${occurredAt}`
  const why = reason === null ? "" : printable(reason)
  return [`    ${[[who, when].filter(Boolean).join(" "), why].filter(Boolean).join(": ")}`]
}

function fieldText({
  path,
  before,
  after,
}: {
  readonly path: string
  readonly before: Json
  readonly after: Json
}): string {
  return `    ${printable(path)}  ${pc.red(valueText(before))} → ${pc.green(valueText(after))}`
}

/** A row for each part of the time; what was not looked at completely is marked. */
export function densityText({ buckets, at }: { at: At; buckets: Bucket[] }): string {
  const sums = buckets.map(({ info, notice, warning, critical }) => info + notice + warning + critical)
  const most = Math.max(...sums)
  const rows = buckets.map(({ from, info, notice, warning, critical, incomplete }, index) => [
    from,
    String(info),
    String(notice),
    warning === 0 ? "0" : pc.yellow(String(warning)),
    critical === 0 ? "0" : pc.red(String(critical)),
    `${"█".repeat(Math.ceil(((sums[index] as number) / most) * 30) || 0)}${incomplete ? pc.dim(" looks incomplete") : ""}`,
  ])
  const total = sums.reduce((sum, count) => sum + count, 0)
  return `${columns(["AFTER", "INFO", "NOTICE", "WARNING", "CRITICAL", ""], rows)}\n${footer({ at, next: null }, total, total === 1 ? "change" : "changes")}`
}
