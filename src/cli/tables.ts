/** What each answer looks like to a person on a terminal. Everything that comes from the fleet passes through `printable`. */
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { valueAt } from "#operations/list-formats.js"
import type { MarkedChange } from "#drift/marked.js"
import { alertText, alertToldText, alertsText, backtestText, maintenanceRow, maintenanceText } from "./alert-text.js"
import { changeText, densityText } from "./change-text.js"
import { checkRow, checkRunText } from "./check-text.js"
import { colours as pc } from "./colours.js"
import { type At, cell, columns, footer, list, nameOf, plural } from "./columns.js"
import { adoptedText, baselineRow, checkedRulesText, driftText, pinnedText, rulesText } from "./drift-text.js"
import { diffText } from "./diff-text.js"
import { showEntity } from "./entity-text.js"
import { healthText } from "./health-text.js"
import { printable } from "./printable.js"
import { securityText } from "./security-text.js"
import { comparisonText, showSnapshot, snapshotRow } from "./snapshot-tables.js"
import { doctorText, statusText, subscriptionText } from "./status-text.js"

type View = (answer: never) => string

const views: Readonly<Record<string, View>> = {
  targets: (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list(answer, [
      "name",
      "role",
      "tags",
      "os",
      "kernel",
      "cpuCores",
      "memoryMiB",
      "services",
      "addresses",
      "lifecycle",
      "lastSeen",
    ]),
  services: (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list({ ...answer, items: answer.items.map(serviceRow) }, [
      "name",
      "target",
      "status",
      "runtime",
      "ports",
      "description",
    ]),
  stacks: (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list({ ...answer, items: answer.items.map((item) => ({ ...item, target: nameOf(item["target"]) })) }, [
      "name",
      "target",
      "runtime",
      "workingDir",
      "files",
      "lifecycle",
    ]),
  search: (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list({ ...answer, items: answer.items.map(foundRow) }, ["name", "kind", "on", "status", "role", "health", "what"]),
  count: countText,
  complete: ({ items }: { items: string[] }) => items.map(printable).join("\n"),
  "query save": ({ name }: { name: string }) => `saved: ask for it as saved:${name}`,
  "query list": (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list(answer, ["name", "q", "savedBy", "savedAt"]),
  "query delete": ({ name }: { name: string }) => `forgotten: ${printable(name)}`,
  show: showEntity,
  relations: (answer: { at: At; items: { relation: string; entity: Record<string, Json> }[] }) =>
    list({ ...answer, next: null, items: answer.items.map(({ relation, entity }) => ({ relation, ...entity })) }, [
      "relation",
      "kind",
      "name",
      "id",
    ]),
  topology: (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list({ ...answer, items: answer.items.map(standingRow) }, [
      "site",
      "node",
      "name",
      "role",
      "status",
      "health",
      "stacks",
      "services",
    ]),
  history: (answer: { at: At; items: MarkedChange[]; next: string | null }) =>
    [
      ...answer.items.map(changeText),
      footer(answer, answer.items.length, answer.items.length === 1 ? "change" : "changes"),
    ].join("\n"),
  density: densityText,
  blame: (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list({ ...answer, items: answer.items.map((item) => ({ ...item, field: item["path"] ?? null })) }, [
      "field",
      "value",
      "observedAt",
      "type",
      "source",
      "actor",
      "position",
      "reason",
    ]),
  changes: ({ items, after }: { items: MarkedChange[]; after: number }) =>
    [...items.map(changeText), pc.dim(`go on with --after ${after}`)].join("\n"),
  watch: changeText,
  diff: diffText,
  "snapshot create": ({ name, point, expiresAt }: { name: string; point: At; expiresAt: string | null }) =>
    `${printable(name)} is ${point.time} (position ${point.position})${expiresAt === null ? "" : pc.dim(`, kept until ${expiresAt}`)}`,
  "snapshot list": (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list({ ...answer, items: answer.items.map(snapshotRow) }, [
      "name",
      "type",
      "tags",
      "position",
      "time",
      "takenBy",
      "expiresAt",
      "description",
    ]),
  "snapshot show": showSnapshot,
  "snapshot compare": comparisonText,
  "snapshot delete": ({ name, point }: { name: string; point: At }) =>
    `deleted ${printable(name)}; what it named is still position:${point.position}`,
  noise: (answer: { at: At; items: Record<string, Json>[]; next: null }) =>
    list({ ...answer, items: answer.items.map((item) => ({ ...item, example: nameOf(item["example"]) })) }, [
      "field",
      "kind",
      "source",
      "events",
      "perDay",
      "example",
    ]),
  measurements: ({ series, at }: { at: At; series: Series[] }) =>
    list({ at, next: null, items: series.map(seriesRow) }, ["metric", "step", "shown", "last", "least", "greatest"]),
  checks: (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list({ ...answer, items: answer.items.map(checkRow) }, ["name", "about", "status", "since", "latencyMs", "detail"]),
  "checks run": checkRunText,
  health: healthText,
  security: securityText,
  drift: driftText,
  baselines: (answer: { at: At; items: Record<string, Json>[]; next: null }) =>
    list({ ...answer, items: answer.items.map(baselineRow) }, [
      "name",
      "of",
      "where",
      "severity",
      "since",
      "actor",
      "reason",
    ]),
  pin: pinnedText,
  withdraw: ({ name }: { name: string }) => `withdrawn: ${printable(name)}`,
  rules: rulesText,
  "rules adopt": adoptedText,
  "rules check": checkedRulesText,
  "expect add": ({ id, from, until }: { id: string; from: string; until: string }) =>
    `expected from ${from} to ${until}: ${pc.bold(id)}`,
  "expect list": (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list(answer, [
      "state",
      "changes",
      "where",
      "fields",
      "types",
      "by",
      "from",
      "until",
      "actor",
      "reason",
      "ticket",
      "id",
    ]),
  "expect withdraw": ({ id }: { id: string }) => `not expected any more: ${id}`,
  alerts: alertsText,
  "alert show": alertText,
  "alert acknowledge": alertToldText,
  "alert silence": alertToldText,
  "alert resolve": alertToldText,
  backtest: backtestText,
  "maintenance plan": maintenanceText,
  "maintenance list": (answer: { at: At; items: Record<string, Json>[]; next: null }) =>
    list({ ...answer, items: answer.items.map(maintenanceRow) }, [
      "from",
      "until",
      "active",
      "where",
      "plannedBy",
      "reason",
      "id",
    ]),
  "maintenance end": ({ id, until }: Record<string, string>) => `${id} ends at ${until}`,
  discover: (answer: { runs: Look[] }) => answer.runs.map(lookText).join("\n"),
  rebuild: ({ events, seconds, equal }: { events: number; seconds: number; equal: boolean }) =>
    `rebuilt from ${events} events in ${seconds.toFixed(2)} s; ${equal ? "equal to the views that were there" : pc.yellow("different from the views that were there, which it replaces")}`,
  "subscription list": (answer: { at: At; items: Record<string, Json>[] }) =>
    list({ ...answer, next: null }, ["name", "kind", "state", "position", "lag", "deadLetters", "message"]),
  "subscription pause": subscriptionText,
  "subscription resume": subscriptionText,
  "subscription replay": subscriptionText,
  "deadletter list": (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list(answer, ["handler", "position", "attempts", "at", "message", "id"]),
  "deadletter retry": ({ outcome, handler, position, message }: Record<string, Json>) =>
    outcome === "handled"
      ? `${pc.green("handled")} by ${cell(handler)}: position ${cell(position)}`
      : `${pc.red("failed")} again in ${cell(handler)}: position ${cell(position)}: ${cell(message)}`,
  "delivery list": (answer: { at: At; items: Record<string, Json>[] }) =>
    list({ ...answer, next: null }, [
      "name",
      "kind",
      "owed",
      "taken",
      "failed",
      "dead",
      "lastSuccess",
      "nextAt",
      "error",
    ]),
  "delivery dead": (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list(answer, ["channel", "what", "alerts", "owedSince", "attempts", "error", "id"]),
  "delivery test": ({ outcome, message }: { outcome: string; message: string | null }) =>
    message === null ? `${pc.green(outcome)} by its receiver` : `${pc.red(outcome)}: ${printable(message)}`,
  "delivery retry": ({ messages, over }: { messages: number; over: number }) =>
    `${plural(messages, "message")} on the way again${over === 0 ? "" : `; ${plural(over, "alert")} not told any more: over`}`,
  "delivery replay": ({ owed, from }: { owed: number; from: { position: number } }) =>
    `${plural(owed, "event")} behind position ${from.position} told again`,
  verify: ({
    wrong,
    events,
    checkpoints,
    unread,
  }: {
    wrong: { message: string } | null
    events: number
    checkpoints: number
    unread: { first: number; last: number; message: string }[]
  }) =>
    wrong === null
      ? [
          `${pc.green("verified")}: ${plural(events, "event")}, ${plural(checkpoints, "checkpoint")} agree`,
          ...unread.map(({ message }) => `${pc.yellow("not read")}: ${printable(message)}; their root agrees`),
        ].join("\n")
      : `${pc.red("wrong")}: ${printable(wrong.message)}`,
  enroll: ({ offered, trusted }: { offered: HostKey[]; trusted: HostKey[] }) =>
    trusted.length > 0
      ? trusted.map((key) => `${pc.green("trusted")} ${hostKeyText(key)}`).join("\n")
      : [
          ...offered.map(hostKeyText),
          pc.dim("nothing is trusted yet; compare, then add --fingerprint with the one that is right"),
        ].join("\n"),
  "role set": ({ target, role }: { target: { name: string }; role: string | null }) =>
    `${printable(target.name)} ${role === null ? "has no role" : `is for ${role}`}`,
  "tag add": tagsText,
  "tag remove": tagsText,
  "identity review": ({ items, at }: { items: Doubt[]; at: At }) =>
    [...items.map(doubtText), footer({ at, next: null }, items.length, items.length === 1 ? "doubt" : "doubts")].join(
      "\n",
    ),
  "identity link": linkText,
  "identity unlink": linkText,
  "identity separate": linkText,
  redact: ({
    payloads,
    mask,
    position,
    envelopes,
  }: {
    payloads: number
    mask: string
    position: number
    envelopes: number[]
  }) =>
    [
      `masked as ${mask} in ${plural(payloads, "payload")}; position ${position} says so`,
      ...(envelopes.length === 0 ? [] : [pc.yellow(`it stays in the envelopes at position ${envelopes.join(", ")}`)]),
    ].join("\n"),
  export: (line: object) => JSON.stringify(line),
  "proof checkpoint": ({ note }: { note: string }) => note.trimEnd(),
  "proof key": ({ key }: { key: string }) => key,
  "proof rotate": ({ key }: { key: string }) => key,
  "archive create": ({ events, bytes, ranges }: { events: number; bytes: number; ranges: object[] }) =>
    events === 0
      ? "nothing to archive: fewer events than a file is worth, or not everybody has passed them"
      : `archived ${plural(events, "event")} in ${plural(ranges.length, "file")}, ${Math.round(bytes / 1024)} KiB`,
  "archive list": (answer: { at: At; items: Record<string, Json>[]; next: null }) =>
    list(answer, ["first", "last", "from", "to", "bytes", "isHere", "movedTo"]),
  "archive detach": ({ first, last, movedTo }: Record<string, Json>) =>
    `positions ${cell(first)} to ${cell(last)} are in ${cell(movedTo)} now`,
  "archive attach": ({ first, last, file }: Record<string, Json>) =>
    `positions ${cell(first)} to ${cell(last)} are here again: ${cell(file)}`,
  access: (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list(answer, ["recordedAt", "actor", "what", "reason", "position"]),
  doctor: doctorText,
  status: statusText,
  login: ({ url }: { url: string }) => url,
  "token create": ({ name, scope, expiresAt, secret }: Record<string, string>) =>
    `${secret}\n${pc.dim(`token ${name}, scope ${scope}, until ${expiresAt}; this is the only time it is shown`)}`,
  "token list": (answer: { at: At; items: Record<string, Json>[]; next: string | null }) =>
    list(answer, ["name", "scope", "createdAt", "expiresAt", "revokedAt", "id"]),
  "token revoke": ({ name }: { name: string }) => `revoked ${printable(name)}`,
}

interface Look {
  readonly source: string
  readonly outcome: string
  readonly message?: string
  readonly changes: number
  readonly targets: number
  readonly services: number
  readonly stacks: number
  readonly failed: { readonly target: string; readonly message: string }[]
  readonly held: number
  readonly position: number
}

function lookText({ source, outcome, message, failed, held, ...found }: Look): string {
  if (outcome === "failed") return `${pc.red("failed")} ${printable(source)}: ${printable(message ?? "")}`
  const counts = [
    plural(found.targets, "target"),
    plural(found.services, "service"),
    ...(found.stacks === 0 ? [] : [plural(found.stacks, "stack")]),
    pc.bold(plural(found.changes, "change")),
  ]
  return [
    `${pc.green("looked at")} ${printable(source)}: ${counts.join(", ")} (ledger at position ${found.position})`,
    ...failed.map(({ target, message: why }) => `  ${pc.red("failed")} ${printable(target)}: ${printable(why)}`),
    ...(held === 0
      ? []
      : [pc.yellow(`  ${plural(held, "machine")} missing at once: held; if they are gone, --accept-absence says so`)]),
  ].join("\n")
}

/** Of a list, columns that somebody chose. */
export function listOfFields(
  answer: { at: At; items: JsonObject[]; next: string | null },
  fields: readonly string[],
): string {
  const flat = answer.items.map((item) =>
    Object.fromEntries(fields.map((field) => [field, valueAt(item, field) ?? null])),
  )
  return list({ ...answer, items: flat }, fields)
}

/** Of an item that comes by itself. */
export function rowOfFields(item: JsonObject, fields: readonly string[]): string {
  return fields.map((field) => cell(valueAt(item, field))).join("  ")
}

export function tableOf(operation: string, answer: object): string {
  const view = views[operation]
  return view === undefined ? JSON.stringify(answer, undefined, 2) : view(answer as never)
}

function serviceRow(item: Record<string, Json>): Record<string, Json> {
  return { ...item, target: nameOf(item["target"]), ...(item["flapping"] === true && { status: "flapping" }) }
}

/** What it is: of a machine its system, of a service its image or its runtime. */
function foundRow({ entity, target, ...item }: Record<string, Json>): Record<string, Json> {
  const kind = isObject(entity) ? (entity["kind"] ?? null) : null
  const what = item["image"] ?? item["os"] ?? item["runtime"] ?? null
  return { ...item, name: nameOf(entity), kind, on: nameOf(target), what }
}

/** How many of what, instead of each. */
function standingRow({ services, stacks, ...item }: Record<string, Json>): Record<string, Json> {
  const counts = isObject(services) ? services : {}
  const said = Object.entries(counts).map(([status, count]) => `${cell(count)} ${status}`)
  return { ...item, stacks: Array.isArray(stacks) ? stacks.map(nameOf) : null, services: said.join(", ") }
}

function countText(answer: {
  at: At
  total: number
  counts: Record<string, { value: Json; count: number }[]>
}): string {
  const rows = Object.entries(answer.counts).flatMap(([field, counts]) =>
    counts.map(({ value, count }, index) => [index === 0 ? field : "", cell(value), String(count)]),
  )
  return `${columns(["BY", "VALUE", "COUNT"], rows)}\n${footer({ at: answer.at, next: null }, answer.total, "in all")}`
}

interface HostKey {
  readonly name: string
  readonly algorithm: string
  readonly fingerprint: string
}

function hostKeyText({ name, algorithm, fingerprint }: HostKey): string {
  return `${printable(name)}  ${printable(algorithm)}  ${pc.bold(printable(fingerprint))}`
}

interface Doubt {
  readonly records: readonly {
    readonly id: string
    readonly source: string
    readonly target: { readonly name: string }
  }[]
  readonly score: number
  readonly reasons: readonly string[]
}

function doubtText({ records, score, reasons }: Doubt): string {
  const pair = records.map(
    ({ id, source, target }) => `${pc.bold(printable(target.name))} ${pc.dim(`(${id}, from ${printable(source)})`)}`,
  )
  return `${score.toFixed(2)}  ${pair.join(" and ")}\n    ${reasons.map(printable).join(", ")}`
}

function linkText({
  target,
  records,
  position,
}: {
  target: { name: string }
  records: string[]
  position: number
}): string {
  return `${printable(target.name)} has ${plural(records.length, "record")} now (position ${position})`
}

function tagsText({ target, tags }: { target: { name: string }; tags: string[] }): string {
  return `${printable(target.name)} has ${tags.length === 0 ? "no tags" : `the tags ${tags.map(printable).join(" ")}`}`
}

interface Series {
  readonly metric: string
  readonly stepMs: number
  readonly items: readonly { readonly value: number; readonly least: number; readonly greatest: number }[]
}

function seriesRow({ metric, stepMs, items }: Series): Record<string, Json> {
  return {
    metric,
    step: stepMs === 0 ? "each look" : `${stepMs / 60_000} min`,
    shown: items.length,
    last: items.at(-1)?.value ?? null,
    least: items.length === 0 ? null : Math.min(...items.map(({ least }) => least)),
    greatest: items.length === 0 ? null : Math.max(...items.map(({ greatest }) => greatest)),
  }
}
