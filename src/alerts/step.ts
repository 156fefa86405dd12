/**
 * One event, judged by all rules: what it raises, resolves, and wants to be told of later. It decides by the event, what the views show at its position and what earlier
 * events have brought about, and by nothing else: the same events give the same alerts, live, after a crash, and when the past is gone through again.
 */
import type { RecordedEvent } from "#events/catalog.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { alertId } from "#kernel/ids.js"
import type { Json } from "#kernel/json.js"
import type { OpenAlert } from "#projections/alerts/read.js"
import { subjectOf } from "#projections/alerts/subject.js"
import type { Effect } from "#subscriptions/handler.js"
import { holdKey, judgeKey, partsOf, settleKey } from "./keys.js"
import type { Memory } from "./memory.js"
import type { Rule, Trouble, Verdict } from "./rule.js"
import type { Line } from "#timeline/resolve.js"

export type Later =
  | { readonly is: "set"; readonly key: string; readonly dueAt: Instant; readonly what: Json }
  | { readonly is: "clear"; readonly key: string }

export interface Outcome {
  readonly effects: readonly Effect[]
  readonly later: readonly Later[]
}

/** What comes again within so long is one episode, */
const episodeMs = 3_600_000
/** which is over when all has been well for so long. */
const calmMs = 1_800_000

interface Work {
  readonly rule: Rule
  readonly event: RecordedEvent
  readonly memory: Memory
  readonly line: Line
  readonly effects: Effect[]
  readonly later: Later[]
}

export async function step(rules: readonly Rule[], event: RecordedEvent, memory: Memory, line: Line): Promise<Outcome> {
  const effects: Effect[] = []
  const later: Later[] = []
  for (const rule of rules)
    if (event.type === "DeadlinePassed" || rule.types.includes(event.type))
      await judged({ rule, event, memory, line, effects, later })
  return { effects, later }
}

async function judged(work: Work): Promise<void> {
  const { rule, event, memory, line } = work
  const named = event.type === "DeadlinePassed" ? await deadline(work, event.data.key) : undefined
  if (event.type === "DeadlinePassed" && named === undefined) return
  const judging = { ...line, open: () => memory.openOf(rule.name), named }
  for (const verdict of await rule.judge(event, judging)) await conclude(work, verdict)
}

/** @returns what is to be judged again, if the rule had asked for that */
async function deadline(work: Work, key: string): Promise<string | undefined> {
  const { rule, memory, later } = work
  const [kind, rest] = partsOf(key)
  if (kind === "settle") {
    const settled = (await memory.pending(key)) as { rule: string } | undefined
    if (settled?.rule !== rule.name) return undefined
    later.push({ is: "clear", key })
    resolve(work, rest, "mended")
    return undefined
  }
  const [whose, name] = partsOf(rest)
  if (whose !== rule.name) return undefined
  const held = await memory.pending(key)
  if (held === undefined) return undefined
  later.push({ is: "clear", key })
  if (kind === "judge") return name
  if (kind === "hold") raise(work, held as unknown as Trouble)
  return undefined
}

async function conclude(work: Work, verdict: Verdict): Promise<void> {
  const { rule, event, memory, later } = work
  if (verdict.is === "later") {
    const key = judgeKey(rule.name, verdict.name)
    later.push({ is: "set", key, dueAt: verdict.dueAt, what: {} })
    return
  }
  if (verdict.is === "never") {
    later.push({ is: "clear", key: judgeKey(rule.name, verdict.name) })
    return
  }
  const subject = subjectOf(verdict.about)
  const open = await memory.open(rule.name, subject)
  const hold = holdKey(rule.name, subject)
  if (verdict.is === "wrong") {
    const { is: _, ...trouble } = verdict
    if (open !== undefined) await unsettle(work, open)
    else if (rule.forMs === undefined) raise(work, trouble)
    else if ((await memory.pending(hold)) === undefined) {
      later.push({
        is: "set",
        key: hold,
        dueAt: behind(event.recordedAt, rule.forMs),
        what: trouble as unknown as Json,
      })
    }
    return
  }
  if (rule.forMs !== undefined && (await memory.pending(hold)) !== undefined) later.push({ is: "clear", key: hold })
  if (open === undefined) return
  if (verdict.is === "gone") {
    await unsettle(work, open)
    resolve(work, open.id, "withdrawn")
  } else await mend(work, open, subject)
}

/** At once the first time; what comes and goes is over when it has been calm for a while. */
async function mend(work: Work, open: OpenAlert, subject: string): Promise<void> {
  const { rule, event, memory, line, later } = work
  const since = await line.ledger.positionAt(behind(event.recordedAt, -episodeMs))
  if ((await memory.timesRaised(rule.name, subject, since)) < 2) {
    resolve(work, open.id, "mended")
    return
  }
  const key = settleKey(open.id)
  if ((await memory.pending(key)) !== undefined) return
  later.push({ is: "set", key, dueAt: behind(event.recordedAt, calmMs), what: { rule: rule.name } })
}

async function unsettle({ memory, later }: Work, { id }: OpenAlert): Promise<void> {
  const key = settleKey(id)
  if ((await memory.pending(key)) !== undefined) later.push({ is: "clear", key })
}

function raise({ rule, event, effects }: Work, { about, severity, title, count }: Trouble): void {
  const alert = alertId(rule.name, subjectOf(about), event.id)
  const many = count === undefined ? {} : { count }
  const data = { rule: rule.name, severity, title, about, cause: event.position, ...many }
  effects.push({ alert, event: { type: "AlertRaised", data } })
}

function resolve({ event, effects }: Work, alert: string, how: "mended" | "withdrawn"): void {
  effects.push({ alert, event: { type: "AlertResolved", data: { how, cause: event.position } } })
}

function behind(time: Instant, ms: number): Instant {
  return instant(epochMs(time) + ms)
}
