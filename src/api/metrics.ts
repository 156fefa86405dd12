/** Metrics for Prometheus, in its units and manner of naming; read when they are asked for, with a token. */
import type { FastifyInstance } from "fastify"
import pLimit from "p-limit"
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client"
import type { Fleet } from "#fleet.js"
import { epochMs } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import { onSpanEnded } from "#kernel/span.js"
import { sizeOf } from "#operations/storage.js"
import { Judge, healthTotals } from "#timeline/health.js"
import { judgedOfKind } from "#timeline/judged.js"
import { version } from "../version.js"
import { mustBeKnown, principalOf } from "./access.js"

export function addMetrics(app: FastifyInstance, fleet: Fleet): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const measures = fleetMeasures(registry)
  // All who ask are told by the same gauges.
  const alone = pLimit(1)
  const requests = new Histogram({
    name: "http_request_duration_seconds",
    help: "How long requests took",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  })
  const worked = new Histogram({
    name: "fleet_ledger_work_duration_seconds",
    help: "How long operations, looks and appends to the ledger took",
    labelNames: ["work"],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 10, 100],
    registers: [registry],
  })
  const stop = onSpanEnded(({ name, seconds }) => worked.observe({ work: name }, seconds))
  app.addHook("onClose", async () => stop())
  app.addHook("onResponse", async (request, reply) => {
    // Of what is not there, names would be made up without end.
    const route = request.routeOptions.url ?? "none"
    requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000)
  })
  app.get("/metrics", async (request, reply) => {
    mustBeKnown(await principalOf(request.raw, fleet.ops.tokens))
    const told = await alone(async () => {
      await measures.read(fleet)
      return registry.metrics()
    })
    return reply.type(registry.contentType).send(told)
  })
}

/** What is known of a fleet, put into gauges at once so that all of them are of one moment. */
function fleetMeasures(registry: Registry) {
  const registers = [registry]
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers })
  gauge("fleet_ledger_build_info", "The version that runs", ["version"]).set({ version }, 1)
  const events = new Counter({ name: "fleet_ledger_events_total", help: "Events in the ledger", registers })
  const sealed = gauge("fleet_ledger_sealed_events", "Events that the newest checkpoint vouches for")
  const lag = gauge("fleet_ledger_subscription_lag_events", "Events that a subscription has not handled", ["name"])
  const isUp = gauge("fleet_ledger_subscription_up", "Whether it follows the ledger", ["name"])
  const letters = gauge("fleet_ledger_dead_letters", "Events that a handler could not handle", ["handler"])
  const owed = gauge("fleet_ledger_owed_alerts", "What is waiting to be told", ["channel"])
  const messages = gauge("fleet_ledger_messages", "Messages that were not taken: owed, or given up (dead)", [
    "channel",
    "state",
  ])
  const open = gauge("fleet_ledger_alerts", "Alerts that are not resolved", ["severity", "state"])
  const isWorker = gauge("fleet_ledger_worker", "Whether this instance looks, acts and seals")
  const bytes = gauge("fleet_ledger_store_bytes", "Bytes on the disk", ["store"])
  const looked = gauge("fleet_ledger_source_last_look_timestamp_seconds", "End of the last look", ["source"])
  const ok = gauge("fleet_ledger_source_up", "Whether the last look was completed", ["source"])
  const took = gauge("fleet_ledger_source_look_duration_seconds", "How long the last recorded look took", ["source"])
  const entities = gauge("fleet_ledger_entities", "What there is", ["kind"])
  const score = gauge("fleet_health_score", "Mean health score of machines that are known, from 0 to 1")
  const byHealth = gauge("fleet_ledger_targets_by_health", "Machines by how they are doing", ["status"])
  const unhealthy = gauge("unhealthy_targets", "Machines whose health score is below the bound of health")
  let health: HealthCounts | undefined

  return {
    async read(fleet: Fleet): Promise<void> {
      const { position } = await fleet.ledger.head()
      events.reset()
      events.inc(position + 1)
      sealed.set((await fleet.sealer.latest())?.size ?? 0)
      isWorker.set(fleet.isWorker() ? 1 : 0)
      for (const store of ["ledger", "views", "ops"] as const) bytes.set({ store }, sizeOf(fleet.folder[store]))
      for (const { name, kind, lag: behind, state, deadLetters } of await fleet.subscriptions.list()) {
        lag.set({ name }, behind)
        isUp.set({ name }, state === "active" || state === "booting" ? 1 : 0)
        if (kind === "handler") letters.set({ handler: name }, deadLetters)
      }
      for (const each of [owed, messages, open]) each.reset()
      const here = { position: fleet.viewsState().position, time: fleet.clock.now() }
      for (const { severity, state, count } of await fleet.views.alerts.counts(here))
        open.set({ severity, state }, count)
      const waiting = await fleet.ops.outbox.counts()
      for (const { name: channel } of await fleet.ops.deliveries.accounts()) {
        owed.set({ channel }, waiting.get(channel) ?? 0)
        for (const state of ["owed", "dead"]) messages.set({ channel, state }, 0)
      }
      for (const { channel, state, count } of await fleet.ops.deliveries.counts())
        messages.set({ channel, state }, count)
      for (const { source, finishedAt, outcome } of await fleet.ops.looks.all()) {
        looked.set({ source }, epochMs(finishedAt) / 1_000)
        ok.set({ source }, outcome === "completed" ? 1 : 0)
      }
      const at = fleet.viewsState().position
      for (const { source, startedAt, finishedAt } of await fleet.views.runs.latest(at))
        took.set({ source }, (epochMs(finishedAt) - epochMs(startedAt)) / 1_000)
      // A large fleet takes seconds to judge: so much of the time, and no more.
      if (health === undefined || performance.now() > health.goodUntil) health = await countHealth(fleet, at)
      const totals = health
      for (const [kind, count] of Object.entries(totals.entities)) entities.set({ kind }, count)
      for (const [status, count] of Object.entries(totals.byStatus)) byHealth.set({ status }, count)
      unhealthy.set((totals.byStatus["warning"] ?? 0) + (totals.byStatus["critical"] ?? 0))
      score.set(totals.average ?? Number.NaN)
    },
  }
}

interface HealthCounts {
  readonly entities: Readonly<Record<string, number>>
  readonly byStatus: Readonly<Record<string, number>>
  readonly average: number | null
  /** By the process's own clock, ms. */
  readonly goodUntil: number
}

/** Of the time that goes by, what counting may take. */
const shareOfTime = 0.05

/** As machines are judged, by the clock and by checks too: what `health` says. */
async function countHealth({ views, clock }: Fleet, at: Position): Promise<HealthCounts> {
  const started = performance.now()
  const judged = await judgedOfKind(views, await Judge.at(views, { position: at, time: clock.now() }), "target", at)
  const { average, ...byStatus } = healthTotals(new Map(judged.map(({ id, health: { score } }) => [id, score])))
  const entities = await views.entities.totals(at)
  const took = performance.now() - started
  return { entities, byStatus, average, goodUntil: started + took / shareOfTime }
}
