/** What snapshots and their comparison look like to a person on a terminal. */
import { type Json, isObject } from "#kernel/json.js"
import { colours as pc } from "./colours.js"
import { printable } from "./printable.js"

interface At {
  readonly position: number
  readonly time: string
}
interface Entity {
  readonly kind: string
  readonly name: string
}
type Counts = Readonly<Record<"target" | "service" | "stack", number>>
interface Health {
  readonly healthy: number
  readonly warning: number
  readonly critical: number
  readonly unknown: number
  readonly average: number | null
}
interface Doing {
  readonly status: string
  readonly score: number | null
}
interface Turn {
  readonly entity: Entity
  readonly before: Doing
  readonly after: Doing
  readonly reasons: readonly string[]
}
interface Listed<T> {
  readonly count: number
  readonly items: readonly T[]
}

/** One that has expired says so where it says until when. */
export function snapshotRow(item: Record<string, Json>): Record<string, Json> {
  const { position = null, time = null } = isObject(item["point"]) ? item["point"] : {}
  return { ...item, position, time, ...(item["expired"] === true && { expiresAt: "expired" }) }
}

export function showSnapshot({
  snapshot,
  totals,
  health,
}: {
  readonly snapshot: {
    readonly name: string
    readonly type: string
    readonly description: string | null
    readonly tags: readonly string[]
    readonly point: At
    readonly takenAt: string
    readonly takenBy: string
    readonly expiresAt: string | null
    readonly expired: boolean
  }
  readonly totals: Counts
  readonly health: Health
}): string {
  const { name, type, description, tags, point, expiresAt, expired } = snapshot
  return [
    `${pc.bold(printable(name))} ${pc.dim(`(${type})`)}  ${point.time} (position ${point.position})`,
    ...(description === null ? [] : [`  ${printable(description)}`]),
    ...(tags.length === 0 ? [] : [`  tags     ${printable(tags.join(", "))}`]),
    `  taken    ${snapshot.takenAt} by ${printable(snapshot.takenBy)}`,
    ...(expiresAt === null ? [] : [`  kept     ${expired ? pc.yellow("expired") : "until"} ${expiresAt}`]),
    `  held     ${countsText(totals)}`,
    `  health   ${healthText(health)}`,
  ].join("\n")
}

export function comparisonText(answer: {
  readonly from: At
  readonly to: At
  readonly summary: Readonly<Record<string, Counts>>
  readonly health: { readonly before: Health; readonly after: Health; readonly scoreChange: number | null }
  readonly criticalChanges: Listed<{
    readonly entity: Entity
    readonly loss: string
    readonly role: string | null
    readonly dependants: number
    readonly weight: number
  }>
  readonly potentialIssues: Listed<Turn>
  readonly improvements: Listed<Turn>
}): string {
  const { from, to, summary, health, criticalChanges, potentialIssues, improvements } = answer
  const colours: Readonly<Record<string, (text: string) => string>> = {
    created: pc.green,
    modified: pc.yellow,
    removed: pc.red,
  }
  const critical = criticalChanges.items.map(({ entity, loss, role, dependants, weight }) => {
    const why = [...(role === null ? [] : [role]), ...(dependants === 0 ? [] : [`${dependants} depended on it`])]
    return `${entityText(entity)} ${pc.red(loss)}${why.length === 0 ? "" : `: ${why.join(", ")}`} ${pc.dim(`(weight ${weight})`)}`
  })
  return [
    ...Object.entries(summary).map(
      ([change, counts]) => `${colours[change]?.(change) ?? change}  ${countsText(counts)}`,
    ),
    `health   ${healthText(health.before)}`,
    `      →  ${healthText(health.after)}`,
    ...section(pc.red("critical changes"), criticalChanges.count, critical),
    ...section(pc.yellow("potential issues"), potentialIssues.count, potentialIssues.items.map(turnText)),
    ...section(pc.green("improvements"), improvements.count, improvements.items.map(turnText)),
    pc.dim(`from ${from.time} (position ${from.position}) to ${to.time} (position ${to.position})`),
  ].join("\n")
}

function section(title: string, count: number, lines: readonly string[]): string[] {
  if (count === 0) return []
  const more = count > lines.length ? [pc.dim(`  and ${count - lines.length} more, with --limit`)] : []
  return [`${title} ${count}`, ...lines.map((line) => `  ${line}`), ...more]
}

function turnText({ entity, before, after, reasons }: Turn): string {
  const why = reasons.length === 0 ? "" : `: ${printable(reasons.join(", "))}`
  return `${entityText(entity)} ${doingText(before)} → ${doingText(after)}${why}`
}

function doingText({ status, score }: Doing): string {
  return score === null ? status : `${status} ${score}`
}

function entityText({ kind, name }: Entity): string {
  return `${pc.bold(printable(name))} ${pc.dim(`(${kind})`)}`
}

function countsText({ target, service, stack }: Counts): string {
  return `targets ${target}, services ${service}, stacks ${stack}`
}

function healthText({ healthy, warning, critical, unknown, average }: Health): string {
  const score = average === null ? "no score known" : `score ${average}`
  return `${healthy} healthy, ${warning} warning, ${critical} critical, ${unknown} unknown; ${score}`
}
