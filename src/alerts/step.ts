/**
 * One event, judged by all rules: what it raises, resolves, and wants to be told of later. It decides by the event, what the views show at its position and what earlier
 * events have brought about, and by nothing else: the same events give the same alerts, live, after a crash, and when the past is gone through again.
 */
import type { EventType, RecordedEvent } from "#events/catalog.js"
import type { AlertAbout } from "#events/alert.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { alertId } from "#kernel/ids.js"
import type { Json } from "#kernel/json.js"
import { type Position, origin } from "#kernel/point.js"
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

/** By type of event, the rules that judge it. */
export type RulesOf = (type: EventType) => readonly Rule[]

export function byType(rules: readonly Rule[]): RulesOf {
  const known = new Map<EventType, readonly Rule[]>([["DeadlinePassed", rules]])
  return (type) => {
    const judging = known.get(type) ?? rules.filter(({ types }) => types.includes(type))
    known.set(type, judging)
    return judging
  }
}

export async function step(rules: RulesOf, event: RecordedEvent, memory: Memory, line: Line): Promise<Outcome> {
  const effects: Effect[] = []
  const later: Later[] = []
  for (const rule of rules(event.type))
    if (event.type === "DeadlinePassed" || rule.concerns?.(event) !== false)
      await judged({ rule, event, memory, line, effects, later })
  return { effects, later }
}

async function judged(work: Work): Promise<void> {
  const { rule, event, memory, line } = work
  const named = event.type === "DeadlinePassed" ? await deadline(work, event.data.key) : undefined
  if (event.type === "DeadlinePassed" && named === undefined) return
  const open = async (about?: string) =>
    about === undefined
      ? memory.openOf(rule.name)
      : (await memory.openAbout(about)).filter((alert) => alert.rule === rule.name)
  const judging = { ...line, open, named }
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
  const open = await openOf(work, verdict.about, subject)
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

async function openOf({ rule, memory }: Work, { id }: AlertAbout, subject: string): Promise<OpenAlert | undefined> {
  if (id === undefined) return memory.open(rule.name, subject)
  const about = await memory.openAbout(id)
  return about.findLast((alert) => alert.rule === rule.name && subjectOf(alert.about) === subject)
}

/** At once the first time; what comes and goes is over when it has been calm for a while. */
async function mend(work: Work, open: OpenAlert, subject: string): Promise<void> {
  const { rule, event, memory, later } = work
  if (!(await isAgain(work, subject))) {
    resolve(work, open.id, "mended")
    return
  }
  const key = settleKey(open.id)
  if ((await memory.pending(key)) !== undefined) return
  later.push({ is: "set", key, dueAt: behind(event.recordedAt, calmMs), what: { rule: rule.name } })
}

/** Whether it was raised more than once within an episode. */
async function isAgain({ rule, event, memory, line }: Work, subject: string): Promise<boolean> {
  const isSince = async (since: Position) => (await memory.timesRaised(rule.name, subject, since)) > 1
  // To find out what was recorded by then takes longer.
  return (await isSince(origin)) && isSince(await line.ledger.positionAt(behind(event.recordedAt, -episodeMs)))
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
