/** What each answer looks like to a person on a terminal. Everything that comes from the fleet passes through `printable`. */
import Table from "cli-table3"
import { type Json, isObject, jsonText } from "#kernel/json.js"
import type { Change } from "#timeline/change.js"
import type { Bucket } from "#timeline/density.js"
import { colours as pc } from "./colours.js"
import { diffText } from "./diff-text.js"
import { printable, valueText } from "./printable.js"
import { comparisonText, showSnapshot, snapshotRow } from "./snapshot-tables.js"

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
  show: showEntity,
  relations: (answer: { at: At; items: { relation: string; entity: Record<string, Json> }[] }) =>
    list({ ...answer, next: null, items: answer.items.map(({ relation, entity }) => ({ relation, ...entity })) }, [
      "relation",
      "kind",
      "name",
      "id",
    ]),
  history: (answer: { at: At; items: Change[]; next: string | null }) =>
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

interface At {
  readonly position: number
  readonly time: string
}

export function tableOf(operation: string, answer: object): string {
  const view = views[operation]
  return view === undefined ? JSON.stringify(answer, undefined, 2) : view(answer as never)
}

/** Columns as wide as what is in them, no lines around them. */
function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const bare = ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"]
  const inner = ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"]
  const chars = Object.fromEntries([...bare, ...inner].map((name) => [name, ""]))
  const table = new Table({
    head: head.map((title) => pc.bold(title)),
    chars: { ...chars, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  })
  for (const row of rows) table.push([...row])
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
}

function list(
  answer: { at: At; items: readonly Record<string, Json>[]; next: string | null },
  fields: readonly string[],
): string {
  const rows = answer.items.map((item) => fields.map((field) => cell(item[field])))
  const table = columns(fields.map(heading), rows)
  return `${table}\n${footer(answer, answer.items.length, "in all")}`
}

function footer({ at, next }: { at: At; next: string | null }, count: number, what: string): string {
  const more = next === null ? "" : `; more with --cursor ${next}`
  return pc.dim(`${count} ${next === null ? what : "shown"} at ${at.time} (position ${at.position})${more}`)
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`
}

const headings: Readonly<Record<string, string>> = {
  cpuCores: "CPUS",
  memoryMiB: "MIB",
  lastSeen: "LAST SEEN",
  createdAt: "CREATED",
  expiresAt: "EXPIRES",
  revokedAt: "REVOKED",
  deadLetters: "DEAD LETTERS",
  perDay: "PER DAY",
  takenBy: "TAKEN BY",
  observedAt: "SINCE",
}

function heading(field: string): string {
  return headings[field] ?? field.toUpperCase()
}

function cell(value: Json | undefined): string {
  if (value === null || value === undefined) return "-"
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map((item) => cell(item as Json)).join(" ")
  return printable(jsonText(value))
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

function nameOf(entity: Json | undefined): string {
  return isObject(entity) ? cell(entity["name"]) : "-"
}

function changeText({ observedAt, type, entity, changes, source, position, ...why }: Change): string {
  const title = `${pc.dim(observedAt)}  ${pc.bold(type)}  ${printable(entity.name)} ${pc.dim(`(${entity.kind}, from ${printable(source ?? "-")}, position ${position})`)}`
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
function densityText({ buckets, at }: { at: At; buckets: Bucket[] }): string {
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

function showEntity(answer: {
  at: At
  entity: { kind: string; id: string; name: string }
  target: { name: string } | null
  lifecycle: string
  lastSeen: string | null
  facets: Record<string, Json>
  omitted: string[]
  measurements: Record<string, { at: string; value: number }>
}): string {
  const { entity, target, lifecycle, lastSeen, facets, omitted, measurements, at } = answer
  const lines = [
    `${pc.bold(printable(entity.name))} ${pc.dim(`(${entity.kind} ${entity.id})`)}${target === null ? "" : ` on ${printable(target.name)}`}`,
    `${lifecycle}, last seen ${lastSeen ?? "never"}`,
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

interface Following {
  readonly name: string
  readonly state: string
  readonly lag: number
  readonly message: string | null
}

function subscriptionText(answer: Following): string {
  return `${printable(answer.name)} is ${howItFollows(answer)}`
}

function howItFollows({ state, lag, message }: Omit<Following, "name">): string {
  return `${state}, ${lag} behind${message === null ? "" : `: ${printable(message)}`}`
}

function statusText(answer: {
  at: At
  version: string
  data: string
  ledger: { events: number; bytes: number; sealed: number; problem: string | null }
  views: { position: number; lag: number; state: string; message: string | null }
  handlers: (Following & { deadLetters: number })[]
  storage: Storage | null
  counts: Record<string, number>
  sources: { name: string; kind: string; lastSeen: string | null; run: { outcome: string; message?: string } | null }[]
}): string {
  const { version, data, ledger, views: held, handlers, counts, sources, storage, at } = answer
  const rows = sources.map(({ name, kind, lastSeen, run }) => [
    printable(name),
    kind,
    run?.outcome ?? "never looked at",
    lastSeen ?? "-",
    printable(run?.message ?? ""),
  ])
  return [
    `fleet-ledger ${version} on ${printable(data)}`,
    `ledger  ${ledger.events} events, ${Math.round(ledger.bytes / 1024)} KiB, sealed up to ${ledger.sealed}`,
    ...(ledger.problem === null ? [] : [pc.red(`        not sealed since: ${printable(ledger.problem)}`)]),
    `views   ${howItFollows(held)}`,
    ...handlers.map((handler) => {
      const letters = handler.deadLetters === 0 ? "" : ` (${plural(handler.deadLetters, "dead letter")})`
      return `handler ${printable(handler.name)} ${howItFollows(handler)}${letters}`
    }),
    ...(storage === null ? [] : storageText(storage)),
    `fleet   ${["target", "service", "stack"].map((kind) => plural(counts[kind] ?? 0, kind)).join(", ")}`,
    "",
    columns(["SOURCE", "KIND", "LAST RUN", "LAST SEEN", ""], rows),
    pc.dim(`as of ${at.time} (position ${at.position})`),
  ].join("\n")
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

interface Storage {
  readonly ledger: { readonly bytes: number; readonly events: number }
  readonly archives: {
    readonly bytes: number
    readonly files: number
    readonly elsewhere: number
    readonly events: number
    readonly bytesPerEvent: number | null
  }
  readonly views: { readonly bytes: number }
  readonly ops: { readonly bytes: number }
  readonly bytes: number
  readonly bytesPerEvent: number | null
}

function storageText({ ledger, archives, views: held, ops, bytes, bytesPerEvent }: Storage): string[] {
  const room = (count: number) => `${Math.round(count / 1024)} KiB`
  const elsewhere = archives.elsewhere === 0 ? "" : `, ${archives.elsewhere} elsewhere`
  const each = bytesPerEvent === null ? "" : `, ${bytesPerEvent} bytes an event`
  return [
    `disk    ${room(bytes)}: ledger ${room(ledger.bytes)}, archives ${room(archives.bytes)}, views ${room(held.bytes)}, measurements and the like ${room(ops.bytes)}`,
    `        ${plural(ledger.events, "event")} in the ledger, ${archives.events} in ${plural(archives.files, "archive")}${elsewhere}${each}`,
    ...(archives.bytesPerEvent === null ? [] : [`        ${archives.bytesPerEvent} bytes an archived event`]),
  ]
}
