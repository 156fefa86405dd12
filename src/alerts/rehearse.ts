/**
 * Going through the past with rules, in order: what they would have raised, and when that would have been over. Deadlines that the ledger tells of count where it tells of them;
 * others pass in between, at the position that was the last by then. What people have resolved is resolved here too, as it has the same id.
 */
import type { EventOf, EventType, RecordedEvent } from "#events/catalog.js"
import type { Instant } from "#kernel/clock.js"
import { type EventId, contentId } from "#kernel/ids.js"
import type { Json } from "#kernel/json.js"
import { type Point, type Position, origin } from "#kernel/point.js"
import type { OpenAlert } from "#projections/alerts/read.js"
import { subjectOf } from "#projections/alerts/subject.js"
import type { Line } from "#timeline/resolve.js"
import type { Memory } from "./memory.js"
import type { Rule } from "./rule.js"
import { type Outcome, type RulesOf, byType, step } from "./step.js"

type Raised = EventOf<"AlertRaised">["data"]
type How = EventOf<"AlertResolved">["data"]["how"]

export interface Rehearsed extends Raised {
  /** As it is, or would be, in the ledger. */
  readonly id: string
  /** Where and when what caused it was recorded. */
  readonly raised: Point
  readonly resolved: (Point & { readonly how: How }) | null
}

export interface Stretch {
  /** Exclusive. */
  readonly after: Position
  readonly upTo: Point
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => void
}

const atOnce = 1_000

/** In the order in which they would have been raised. */
export async function rehearse(rules: readonly Rule[], line: Line, stretch: Stretch): Promise<readonly Rehearsed[]> {
  const { after, upTo, signal, progress } = stretch
  await line.reached(upTo.position)
  const rehearsal = new Rehearsal(rules, line, await deadlinesTold(line, stretch))
  const types = new Set<EventType>([...rules.flatMap((rule) => rule.types), "DeadlinePassed", "AlertResolved"])
  for (let from = after; ;) {
    signal.throwIfAborted()
    const events = await line.ledger.readAll({ after: from, upTo: upTo.position, types: [...types], limit: atOnce })
    for (const event of events) await rehearsal.event(event)
    from = events.at(-1)?.position ?? upTo.position
    progress(from - after, upTo.position - after)
    if (events.length < atOnce) break
  }
  await rehearsal.passUntil(upTo.time)
  return rehearsal.alerts()
}

/** Positions of what the ledger tells of each deadline, the earliest first. */
async function deadlinesTold({ ledger }: Line, { after, upTo, signal }: Stretch): Promise<Map<string, Position[]>> {
  const told = new Map<string, Position[]>()
  for (let from = after; ;) {
    signal.throwIfAborted()
    const page = { after: from, upTo: upTo.position, types: ["DeadlinePassed"] as const, limit: atOnce }
    const events = await ledger.readAll(page)
    for (const event of events)
      if (event.type === "DeadlinePassed")
        told.set(event.data.key, [...(told.get(event.data.key) ?? []), event.position])
    from = events.at(-1)?.position ?? upTo.position
    if (events.length < atOnce) return told
  }
}

interface Pending {
  readonly dueAt: Instant
  readonly what: Json
}

class Rehearsal implements Memory {
  readonly #rules: RulesOf
  readonly #line: Line
  readonly #told: ReadonlyMap<string, readonly Position[]>
  readonly #alerts: Rehearsed[] = []
  readonly #pending = new Map<string, Pending>()
  #at: Position = origin

  constructor(rules: readonly Rule[], line: Line, told: ReadonlyMap<string, readonly Position[]>) {
    this.#rules = byType(rules)
    this.#line = line
    this.#told = told
  }

  alerts(): readonly Rehearsed[] {
    return this.#alerts
  }

  async event(event: RecordedEvent): Promise<void> {
    await this.passUntil(event.recordedAt)
    this.#at = event.position
    if (event.type === "AlertResolved") {
      if (event.data.how === "hand") this.#resolve(event.stream.slice("alert-".length), event, "hand")
      return
    }
    this.#take(await step(this.#rules, event, this, this.#line), event)
  }

  /** What is due by then, and that the ledger does not tell of later. */
  async passUntil(time: Instant): Promise<void> {
    for (;;) {
      const due = [...this.#pending]
        .filter(([key, { dueAt }]) => dueAt <= time && !this.#isToldLater(key))
        .toSorted(([a, one], [b, other]) => compare(one.dueAt, other.dueAt) || compare(a, b))[0]
      if (due === undefined) return
      const [key, { dueAt }] = due
      const passed = await this.#passed(key, dueAt)
      this.#take(await step(this.#rules, passed, this, this.#line), passed)
      this.#pending.delete(key)
    }
  }

  async #passed(key: string, dueAt: Instant): Promise<RecordedEvent> {
    const last = await this.#line.ledger.positionAt(dueAt)
    const at = last > this.#at ? last : this.#at
    const id = contentId(`${key}\n${dueAt}`) as EventId
    return {
      type: "DeadlinePassed",
      data: { key, dueAt },
      id,
      stream: "deadlines",
      position: at,
      recordedAt: dueAt,
      observedAt: dueAt,
      metadata: { actor: "system" },
      revision: 0,
      schemaVersion: 1,
    } as unknown as RecordedEvent
  }

  #isToldLater(key: string): boolean {
    return this.#told.get(key)?.some((position) => position > this.#at) === true
  }

  #take({ effects, later }: Outcome, cause: RecordedEvent): void {
    for (const { alert, event } of effects) {
      if (event.type === "AlertRaised") {
        const raised = { position: cause.position, time: cause.recordedAt }
        this.#alerts.push({ ...event.data, id: alert, raised, resolved: null })
      } else if (event.type === "AlertResolved") this.#resolve(alert, cause, event.data.how)
    }
    for (const one of later) {
      if (one.is === "clear") this.#pending.delete(one.key)
      else this.#pending.set(one.key, { dueAt: one.dueAt, what: one.what })
    }
  }

  #resolve(id: string, { position, recordedAt: time }: RecordedEvent, how: How): void {
    const index = this.#alerts.findIndex((alert) => alert.id === id && alert.resolved === null)
    const found = this.#alerts[index]
    if (found !== undefined) this.#alerts[index] = { ...found, resolved: { position, time, how } }
  }

  async open(rule: string, subject: string): Promise<OpenAlert | undefined> {
    return (await this.openOf(rule)).findLast(({ about }) => subjectOf(about) === subject)
  }

  async openOf(rule: string): Promise<readonly OpenAlert[]> {
    return this.#open((alert) => alert.rule === rule)
  }

  async openAbout(id: string): Promise<readonly OpenAlert[]> {
    return this.#open(({ about }) => about.id === id)
  }

  #open(isMeant: (alert: Rehearsed) => boolean): readonly OpenAlert[] {
    return this.#alerts
      .filter((alert) => alert.resolved === null && isMeant(alert))
      .map(({ id, rule, about, count = 1, cause }) => ({ id, rule, about, count, cause: cause as Position }))
  }

  async timesRaised(rule: string, subject: string, after: Position): Promise<number> {
    return this.#alerts.filter(
      ({ rule: of, about, cause }) => of === rule && cause > after && subjectOf(about) === subject,
    ).length
  }

  async pending(key: string): Promise<Json | undefined> {
    return this.#pending.get(key)?.what
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
