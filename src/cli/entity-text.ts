/** Everything that is known of one entity, as a person reads it. */
import { type Json, isObject } from "#kernel/json.js"
import { colours as pc } from "./colours.js"
import type { At } from "./columns.js"
import { printable, valueText } from "./printable.js"

export function showEntity(answer: {
  at: At
  entity: { kind: string; id: string; name: string }
  target: { name: string } | null
  lifecycle: string
  lastSeen: string | null
  health: { score: number | null; status: string; reasons: readonly string[] }
  facets: Record<string, Json>
  omitted: string[]
  measurements: Record<string, { at: string; value: number }>
}): string {
  const { entity, target, lifecycle, lastSeen, health, facets, omitted, measurements, at } = answer
  const lines = [
    `${pc.bold(printable(entity.name))} ${pc.dim(`(${entity.kind} ${entity.id})`)}${target === null ? "" : ` on ${printable(target.name)}`}`,
    `${lifecycle}, last seen ${lastSeen ?? "never"}`,
    [
      health.score === null ? health.status : `${health.status} (${health.score})`,
      ...health.reasons.map(printable),
    ].join(", "),
  ]
  for (const [name, facet] of Object.entries(facets))
    lines.push("", pc.bold(printable(name)), ...fieldLines(facet, "  "))
  const measured = Object.entries(measurements)
  if (measured.length > 0)
    lines.push(
      "",
      pc.bold("measurements"),
      ...measured.map(([metric, { value }]) => `  ${printable(metric)}  ${value}`),
    )
  if (omitted.length > 0) lines.push("", pc.dim(`not shown: ${omitted.join(", ")}; add --facets all`))
  return [...lines, pc.dim(`as of ${at.time} (position ${at.position})`)].join("\n")
}

function fieldLines(value: Json, indent: string): string[] {
  if (!isObject(value)) return [`${indent}${valueText(value)}`]
  return Object.entries(value).flatMap(([key, held]) => {
    const name = `${indent}${printable(key)}`
    if (!isObject(held)) return [`${name}  ${valueText(held)}`]
    const items = Object.entries(held)
    if (items.every(([, item]) => !isObject(item) || Object.keys(item).length === 0)) {
      const inside = items.map(([field, item]) =>
        isObject(item) ? printable(field) : `${printable(field)} ${valueText(item)}`,
      )
      return [`${name}  ${inside.join(", ") || "none"}`]
    }
    return [name, ...fieldLines(held, `${indent}  `)]
  })
}
