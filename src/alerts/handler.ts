/** The rules as they follow the ledger: each event is judged once the views show it, and all that earlier ones have brought about is known. */
import type { AlertsConfig } from "#config/alerts.js"
import type { Intervals } from "#config/intervals.js"
import type { EventType } from "#events/catalog.js"
import type { Deadlines } from "#ops/deadlines.js"
import type { Handler } from "#subscriptions/handler.js"
import { escalate, escalatingTypes } from "./escalate.js"
import { type Remembering, memoryAt } from "./memory.js"
import { Recent } from "./recent.js"
import { rulesOf } from "./rules/rules.js"
import type { Line } from "#timeline/resolve.js"
import { Unwritten } from "./unwritten.js"
import { byType, step } from "./step.js"

export const handlerName = "alerts"

export type AlertingPorts = Line & Remembering & { readonly ops: { readonly deadlines: Deadlines } }

/** @param config its rules are understood @param every which sources are looked at, and how often */
export async function alerting(config: AlertsConfig, every: Intervals, ports: AlertingPorts): Promise<Handler> {
  const { ledger, views, ops, reached } = ports
  await ops.deadlines.forgetBehind((await ledger.head()).position)
  const rules = rulesOf(config, every)
  const types = new Set<EventType>([...rules.flatMap((rule) => rule.types), ...escalatingTypes, "DeadlinePassed"])
  const judging = byType(rules)
  const recent = new Recent()
  const unwritten = new Unwritten()
  return {
    name: handlerName,
    types: [...types],
    // What was so before anybody asked is no news.
    beginsNow: true,
    onlyAppends: true,
    async handle(event, { append, keep }) {
      if (recent.isOver) await recent.shown(async () => reached((await ledger.head()).position))
      await reached(event.position)
      const { position } = event
      unwritten.forget(position)
      const memory = unwritten.over(recent.over(memoryAt(ports, position), views.alerts, position), position)
      const judged = await step(judging, event, memory, ports)
      const escalated = await escalate(config.escalate, event, views)
      const effects = [...judged.effects, ...escalated.effects]
      if (effects.length > 0) recent.note(effects, position, append(...effects))
      for (const later of [...judged.later, ...escalated.later]) {
        const { key } = later
        const written = unwritten.note({ key, position, what: later.is === "set" ? later.what : undefined })
        keep(() => {
          if (later.is === "clear") ops.deadlines.clear(key)
          else ops.deadlines.set({ key, dueAt: later.dueAt, what: later.what, position })
          written()
        })
      }
    },
  }
}
