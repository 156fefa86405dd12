/** Alerts on a terminal. */
import type { Json } from "#kernel/json.js"
import { colours as pc } from "./colours.js"
import { type At, columns, footer, plural } from "./columns.js"
import { printable } from "./printable.js"

interface Alert {
  readonly id: string
  readonly state: string
  readonly severity: string
  readonly rule: string
  readonly title: string
  readonly count: number
  readonly raised: At
  readonly silencedUntil: string | null
  readonly acknowledgedBy: string | null
}

/** Enough of an id to name an alert by. */
const shown = 8

export function alertsText(answer: { at: At; items: Alert[]; next: string | null }): string {
  const rows = answer.items.map((alert) => [
    alert.id.slice(0, shown),
    severityText(alert.severity),
    alert.state,
    alert.raised.time,
    printable(alert.title),
  ])
  return `${columns(["ID", "SEVERITY", "STATE", "RAISED", "WHAT"], rows)}\n${footer(answer, rows.length, "in all")}`
}

interface Shown {
  readonly at: At
  readonly alert: Alert
  readonly cause: { readonly position: number; readonly type: string } | null
  readonly story: readonly {
    readonly position: number
    readonly time: string
    readonly what: string
    readonly actor: string
    readonly reason: string | null
  }[]
}

export function alertText({ at, alert, cause, story }: Shown): string {
  const because = cause === null ? "" : pc.dim(` because of position ${cause.position}, ${printable(cause.type)}`)
  return [
    `${severityText(alert.severity)} ${pc.bold(printable(alert.title))}`,
    `${printable(alert.rule)}, ${stateText(alert)}${because}`,
    ...(alert.count > 1 ? [`it stands for ${plural(alert.count, "thing")}`] : []),
    ...story.map(
      ({ time, what, actor, reason }) =>
        `  ${time}  ${printable(what)} by ${printable(actor)}${reason === null ? "" : `: ${printable(reason)}`}`,
    ),
    footer({ at, next: null }, story.length, story.length === 1 ? "event" : "events"),
  ].join("\n")
}

export function alertToldText({ alert }: { readonly alert: Alert }): string {
  return `${printable(alert.title)}: ${stateText(alert)}`
}

function stateText({ state, silencedUntil, acknowledgedBy }: Alert): string {
  if (state === "silenced") return `silenced until ${silencedUntil}`
  return state === "acknowledged" ? `acknowledged by ${printable(acknowledgedBy ?? "")}` : state
}

function severityText(severity: string): string {
  return severity === "critical" ? pc.red(severity) : pc.yellow(severity)
}

interface Backtest {
  readonly rules: readonly string[]
  readonly from: At
  readonly to: At
  readonly raised: number
  readonly open: number
  readonly items: readonly {
    readonly severity: string
    readonly title: string
    readonly raised: At
    readonly resolved: (At & { readonly how: string }) | null
    readonly wasRaised: boolean
  }[]
}

export function backtestText({ from, to, raised, open, items }: Backtest): string {
  const rows = items.map((item) => [
    item.raised.time,
    item.resolved?.time ?? "-",
    severityText(item.severity),
    item.wasRaised ? "yes" : "no",
    printable(item.title),
  ])
  const sum = `${plural(raised, "alert")} from ${from.time} to ${to.time}, ${open} not over`
  return `${columns(["RAISED", "OVER", "SEVERITY", "WAS TOLD", "WHAT"], rows)}\n${pc.dim(sum)}`
}

interface Window {
  readonly id: string
  readonly where: string | null
  readonly from: string
  readonly until: string
}

export function maintenanceText({ id, where, from, until }: Window): string {
  return `nobody is told of ${where === null ? "anything" : printable(where)} from ${from} until ${until}${pc.dim(` (${id})`)}`
}

/** Of the list. */
export function maintenanceRow(item: Record<string, Json>): Record<string, Json> {
  return { ...item, where: item["where"] ?? "everything" }
}
