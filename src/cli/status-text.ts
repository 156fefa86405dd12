/** How the program and its sources are doing, as a person reads it. */
import { colours as pc } from "./colours.js"
import { type At, columns, plural } from "./columns.js"
import { printable } from "./printable.js"

interface Following {
  readonly name: string
  readonly state: string
  readonly lag: number
  readonly message: string | null
}

export function subscriptionText(answer: Following): string {
  return `${printable(answer.name)} is ${howItFollows(answer)}`
}

function howItFollows({ state, lag, message }: Omit<Following, "name">): string {
  return `${state}, ${lag} behind${message === null ? "" : `: ${printable(message)}`}`
}

export function statusText(answer: {
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

interface Finding {
  readonly check: string
  readonly state: "ok" | "warning" | "wrong"
  readonly what: string
  readonly advice: string | null
}

const marks = { ok: pc.green("ok     "), warning: pc.yellow("warning"), wrong: pc.red("wrong  ") } as const

export function doctorText({ items }: { readonly items: readonly Finding[] }): string {
  return items
    .map(({ check, state, what, advice }) =>
      [
        `${marks[state]}  ${check}: ${printable(what)}`,
        ...(advice === null ? [] : [`         ${pc.dim(printable(advice))}`]),
      ].join("\n"),
    )
    .join("\n")
}
