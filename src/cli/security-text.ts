/** Security findings on a terminal. */
import { colours as pc } from "./colours.js"
import { type At, columns } from "./columns.js"
import { printable } from "./printable.js"

interface Answer {
  readonly at: At
  readonly items: readonly {
    readonly rule: string
    readonly severity: string
    readonly entity: { readonly name: string }
    readonly fact: string
    readonly position: number | null
  }[]
  readonly next: string | null
  readonly counts: Readonly<Record<string, number>>
}

export function securityText({ at, items, next, counts }: Answer): string {
  const rows = items.map(({ rule, severity, entity, fact, position }) => [
    severity,
    printable(entity.name),
    rule,
    `${printable(fact)}${position === null ? "" : pc.dim(` (position ${position})`)}`,
  ])
  const told = Object.entries(counts).flatMap(([severity, count]) => (count === 0 ? [] : `${count} ${severity}`))
  const sum = told.length === 0 ? "nothing found" : told.toReversed().join(", ")
  const more = next === null ? "" : `; ${items.length} shown, more with --cursor ${next}`
  return `${columns(["SEVERITY", "NAME", "RULE", "WHAT"], rows)}\n${pc.dim(`${sum} at ${at.time} (position ${at.position})${more}`)}`
}
