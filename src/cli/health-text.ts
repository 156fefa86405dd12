/** How the fleet is doing, on a terminal. */
import { colours as pc } from "./colours.js"
import { type At, columns } from "./columns.js"
import { printable } from "./printable.js"

interface Answer {
  readonly at: At
  readonly items: readonly {
    readonly entity: { readonly name: string }
    readonly score: number | null
    readonly status: string
    readonly reasons: readonly { readonly weight: number; readonly fact: string; readonly position: number | null }[]
  }[]
  readonly next: string | null
  readonly counts: Readonly<Record<"healthy" | "warning" | "critical" | "unknown" | "average", number | null>>
}

export function healthText({ at, items, next, counts }: Answer): string {
  const rows = items.flatMap(({ entity, score, status, reasons }) => {
    const whys = reasons.map(
      ({ weight, fact, position }) =>
        `-${weight} ${printable(fact)}${position === null ? "" : pc.dim(` (position ${position})`)}`,
    )
    const head = [printable(entity.name), score === null ? "-" : String(score), status, whys[0] ?? ""]
    return [head, ...whys.slice(1).map((why) => ["", "", "", why])]
  })
  const { average, healthy, warning, critical, unknown } = counts
  const told = `${average === null ? "unknown" : average} on average: ${healthy} healthy, ${warning} warning, ${critical} critical, ${unknown} unknown`
  const more = next === null ? "" : `; ${items.length} shown, more with --cursor ${next}`
  return `${columns(["NAME", "SCORE", "STATUS", "WHY"], rows)}\n${pc.dim(`${told} at ${at.time} (position ${at.position})${more}`)}`
}
