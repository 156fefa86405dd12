/** A difference for a person: a line for each entity, `+` created, `~` modified, `-` removed, with its fields beside or beneath it. */
import type { FieldChange } from "#kernel/patch.js"
import { unescapeKey } from "#kernel/pointer.js"
import type { Group, Item, Summary } from "#timeline/diff/diff.js"
import { colours as pc } from "./colours.js"
import { printable, valueText } from "./printable.js"

interface At {
  readonly position: number
  readonly time: string
}

interface Answer {
  readonly from: At
  readonly to: At
  readonly summary: Summary
  readonly groups: readonly Group[]
  readonly items: readonly Item[]
  readonly next: string | null
}

const marks = { created: pc.green("+"), modified: pc.yellow("~"), removed: pc.red("-") } as const

export function diffText({ from, to, summary, groups, items, next }: Answer): string {
  const lines: string[] = []
  for (const [index, item] of items.entries()) {
    const counts = groups.find(({ group }) => group === item.group)
    if (counts !== undefined && (index === 0 || items[index - 1]?.group !== item.group)) {
      lines.push(`${pc.bold(printable(counts.group ?? "nobody named"))} ${pc.dim(countsText(counts))}`)
    }
    lines.push(...itemLines(item))
  }
  const range = `from ${from.time} (position ${from.position}) to ${to.time} (position ${to.position})`
  const more = next === null ? "" : `; ${items.length} shown, more with --cursor ${next}`
  return [...lines, pc.dim(`${countsText(summary)} ${range}${more}`)].join("\n")
}

function countsText({ created, modified, removed }: Summary): string {
  return `${created} created, ${modified} modified, ${removed} removed`
}

function itemLines({ entity, was, change, records = [], changes }: Item): string[] {
  const title = `${marks[change]} ${pc.bold(printable(entity.name))} ${pc.dim(`(${entity.kind})`)}`
  const told = [
    ...(was === undefined ? [] : [`against ${printable(was.name)}`]),
    ...records.map(({ source, nativeKey, change: moved, target }) => {
      const where = target === null ? "" : `, ${moved === "linked" ? "was" : "is now"} ${printable(target.name)}`
      return `${moved} ${printable(nativeKey)} from ${printable(source)}${where}`
    }),
    ...changes.map(changedText),
  ]
  const [only, ...others] = told
  if (only === undefined) return [title]
  return others.length === 0 ? [`${title}  ${only}`] : [title, ...told.map((line) => `    ${line}`)]
}

/** `/packages/pkg:nginx/version` is `packages.pkg:nginx.version` to a person. */
function changedText({ path, before, after }: FieldChange): string {
  const field = path.slice(1).split("/").map(unescapeKey).join(".")
  return `${printable(field)}  ${pc.red(valueText(before))} → ${pc.green(valueText(after))}`
}
