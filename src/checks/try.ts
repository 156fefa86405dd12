/** Trying a check once. */
import type { HttpCheck, TcpCheck } from "#config/checks.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { ViewsReader } from "#projections/views.js"
import { targetOf } from "#timeline/entity.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { askHttp } from "./http.js"
import type { Instance } from "./instances.js"
import { judgeHttp } from "./judge-http.js"
import { type Outcome, failing, networkFailure, passing, unknown } from "./outcome.js"
import { type Known, filled, knownOf } from "./place.js"
import { connectTcp } from "./tcp.js"
import { endsTooSoon } from "./tls.js"

export interface Trying {
  readonly views: ViewsReader
  readonly at: Position
  readonly now: Instant
  readonly timeoutMs: number
}

/** What became of it; only the signal's reason is thrown. */
export async function tryOnce({ check, about }: Instance, trying: Trying, signal: AbortSignal): Promise<Outcome> {
  const place = filled(check.kind === "http" ? check.url : check.address, await known(about, trying))
  if ("missing" in place) return unknown(`nothing is known of it to put in the place of {${place.missing}}`)
  if (check.kind === "http" && !URL.canParse(place.place)) return unknown("what is known of it makes no address")
  const late = AbortSignal.timeout(trying.timeoutMs)
  const started = performance.now()
  try {
    const over = AbortSignal.any([signal, late])
    const outcome = await (check.kind === "http"
      ? tryHttp(place.place, check, trying.now, over)
      : tryTcp(place.place, check, trying.now, over))
    return { ...outcome, latencyMs: Math.round((performance.now() - started) * 10) / 10 }
  } catch (error) {
    signal.throwIfAborted()
    return late.aborted ? failing(`it does not answer within ${trying.timeoutMs / 1_000} s`) : networkFailure(error)
  }
}

async function tryHttp(url: string, check: HttpCheck, now: Instant, signal: AbortSignal): Promise<Outcome> {
  return judgeHttp(await askHttp(url, check, signal), check.expect, now)
}

async function tryTcp(address: string, check: TcpCheck, now: Instant, signal: AbortSignal): Promise<Outcome> {
  const { validUntil } = await connectTcp(address, check, signal)
  const soon = check.tls && endsTooSoon(validUntil, check.expect.certificateDays, now)
  return soon === undefined ? passing : failing(soon)
}

async function known(about: Instance["about"], { views, at }: Trying): Promise<Known> {
  if (about === null) return {}
  const record = await views.inventory.record(about.id)
  const under = record && (await views.inventory.record(record.targetId))
  if (record === undefined || under === undefined) return {}
  const machine = await targetOf(views, under, at)
  const records = await recordsOfTarget(views, machine.id, at)
  const target = (await documentOfTarget(views, records, at, [
    "identity",
    "access",
    "network",
  ])) as unknown as TargetDocument
  if (about.kind === "target") return knownOf(target)
  const service = await views.inventory.document(record.no, at, ["identity", "config"])
  return knownOf(target, service)
}
