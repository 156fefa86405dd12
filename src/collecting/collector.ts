/** A collector: looks at its sources as a server does, keeps what it saw until its server has taken it, and sends it in order. */
import type * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { promisify } from "node:util"
import * as zlib from "node:zlib"
import type { Look, Source } from "#discovery/observation.js"
import type { RunReport, RunRequest } from "#discovery/run.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import { newRunId } from "#kernel/ids.js"
import { type Position, origin } from "#kernel/point.js"
import { writeDurably } from "#kernel/write-durably.js"
import { type Sleep, sleep as sleepFor } from "#kernel/sleep.js"
import { within } from "#kernel/within.js"
import { envelopeOf, headersOf, lookType } from "./envelope.js"
import { openSpool } from "./spool.js"
import { type Sent, causesSent } from "./wire.js"

const gzip = promisify(zlib.gzip)

export interface CollectorOptions {
  readonly name: string
  readonly sources: readonly Source[]
  /** Where it keeps what was not taken yet. */
  readonly folder: string
  readonly key: crypto.KeyObject
  /** Base URL. */
  readonly server: string
  readonly told: CollectorEvents
  readonly now?: () => number
  readonly sleep?: Sleep
  /** Milliseconds for the server to take a look. */
  readonly patienceMs?: number
}

export interface CollectorEvents {
  readonly sent: (sequence: number) => void
  /** Not taken, now. */
  readonly waiting: (message: string, count: number) => void
  readonly refused: (sequence: number, message: string) => void
}

export interface Collector {
  /** What is scheduled as at a server. */
  readonly sources: readonly Source[]
  look(source: Source, request: RunRequest): Promise<RunReport>
  readonly count: () => number
  /** Sends what waits and what comes, until the signal aborts. */
  send(signal: AbortSignal): Promise<void>
}

/** Of the waits between two tries, in ms. */
const [firstWaitMs, longestWaitMs] = [1_000, 300_000]

export function collector(options: CollectorOptions): Collector {
  const { name, sources, folder, key, server, told, now = Date.now, sleep = sleepFor, patienceMs = 120_000 } = options
  const spool = openSpool(path.join(folder, "spool"), now)
  let news = new AbortController()

  const keep = async (sent: Sent) => {
    spool.put(await gzip(JSON.stringify(sent)))
    news.abort()
  }

  return {
    sources,
    count: spool.count,

    async look(source, { signal, progress }) {
      const own = { source: source.name, kind: source.kind, tellsApart: source.tellsApart === true }
      let look: Look
      try {
        look = await source.look(signal, progress)
      } catch (error) {
        if (signal.aborted) throw error
        const code = error instanceof FleetError ? error.code : "SourceUnavailable"
        const message = messageOf(error).slice(0, 1_000).toWellFormed()
        await keep({ ...own, result: { is: "failed", code, message } })
        return reportOf(source, undefined, message)
      }
      const missing = await missingOf(source, look, folder, signal)
      const { observedAt, observations, coverage, hostKeysOffered = new Map(), causes = [] } = look
      const known = { causes: causesSent(causes), hostKeysOffered: [...hostKeysOffered], missing }
      const seen = { is: "seen", observedAt, observations, coverage, ...known }
      await keep({ ...own, result: seen } as unknown as Sent)
      return reportOf(source, look)
    },

    async send(signal) {
      let failures = 0
      while (!signal.aborted) {
        news = new AbortController()
        const next = spool.first()
        if (next === undefined) {
          await sleep(longestWaitMs, AbortSignal.any([signal, news.signal]))
          continue
        }
        const headers = headersOf(envelopeOf(name, next.sequence, next.body), key)
        const answer = await post(server, headers, next.body, { signal, patienceMs })
        if (signal.aborted) return
        if (answer.is === "taken") {
          spool.drop(next.sequence)
          told.sent(next.sequence)
          failures = 0
          continue
        }
        if (answer.is === "refused") {
          spool.setAside(next.sequence)
          told.refused(next.sequence, answer.message)
          continue
        }
        failures += 1
        told.waiting(answer.message, spool.count())
        const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1))
        await sleep(wait * (0.5 + Math.random() / 2), signal)
      }
    },
  }
}

type Answer = { readonly is: "taken" } | { readonly is: "refused" | "waits"; readonly message: string }

/** What the server cannot understand it never will; that it does not know the key, or has no room, may change. */
async function post(
  server: string,
  headers: Record<string, string>,
  body: Buffer,
  { signal, patienceMs }: { readonly signal: AbortSignal; readonly patienceMs: number },
): Promise<Answer> {
  const late = () => new Error(`no answer within ${patienceMs / 1_000} s`)
  try {
    const { status, ok, text } = await within(patienceMs, signal, late, async (over) => {
      const response = await fetch(`${server}/api/v1/intake`, {
        method: "POST",
        body: new Uint8Array(body),
        headers: { "content-type": lookType, ...headers },
        redirect: "error",
        signal: over,
      })
      return { status: response.status, ok: response.ok, text: await response.text() }
    })
    if (ok) return { is: "taken" }
    const message = `the server answered ${status}: ${detailOf(text)}`
    return { is: [400, 413].includes(status) ? "refused" : "waits", message }
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    return { is: "waits", message: `the server cannot be reached: ${messageOf(cause)}` }
  }
}

function detailOf(text: string): string {
  try {
    return String((JSON.parse(text) as { detail?: unknown }).detail).slice(0, 300)
  } catch {
    return "no answer of fleet-ledger"
  }
}

/**
 * Machines that were seen at earlier looks and not at this one, and why: only the source can say that, and only here. Which those are is remembered beside the spool.
 */
async function missingOf(
  source: Source,
  { observations, coverage }: Look,
  folder: string,
  signal: AbortSignal,
): Promise<{ asked: string[]; why: [string, string][] } | null> {
  if (source.whyUnseen === undefined) return null
  const file = path.join(folder, `seen-${source.name}.json`)
  const before = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as string[]) : []
  const seen = new Set(observations.flatMap(({ kind, nativeKey }) => (kind === "target" ? [nativeKey] : [])))
  const failed = new Set((coverage.failed ?? []).map(({ target }) => target))
  const asked = before.filter((key) => !seen.has(key) && !failed.has(key))
  const why = asked.length === 0 ? new Map<string, string>() : await source.whyUnseen(asked, signal)
  writeDurably(file, JSON.stringify([...new Set([...before, ...seen])]))
  return { asked, why: [...why] }
}

/** What changed is for the server to say. */
function reportOf(source: Source, look: Look | undefined, message?: string): RunReport {
  const count = (kind: string) => (look?.observations ?? []).filter((one) => one.kind === kind).length
  return {
    source: source.name,
    runId: newRunId(),
    outcome: look === undefined ? "failed" : "completed",
    ...(message !== undefined && { message }),
    targets: count("target"),
    services: count("service"),
    stacks: count("stack"),
    failed: look?.coverage.failed ?? [],
    held: 0,
    changes: 0,
    position: origin satisfies Position,
  }
}
