/**
 * The whole judgement of an entity at a point: what its document says, what checks agreed upon, and what the clock alone brings about, under a policy. Pure. What is not known is
 * null, which is not healthy; a score is what its reasons leave of 1.
 */
import type { ServiceDocument, ServiceStatus } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { Policy } from "#events/policy.js"
import { type Instant, epochMs } from "#kernel/clock.js"
import { escapeKey } from "#kernel/pointer.js"
import type { CheckState } from "../checks/read.js"
import { type Health, type HealthReason, counted, healthOf, listed, scoreOf } from "./score.js"

export type HealthPolicy = Policy["health"]

/** What checks agreed upon, of this entity and what is on it. */
export type Checked = Pick<CheckState, "name" | "status">

export interface Judged {
  readonly policy: HealthPolicy
  /** Null where what the clock alone brings about is left out: age, and the ends of certificates. */
  readonly clock: {
    /** The point's. */
    readonly time: Instant
    /** Null if it, or the machine that it is on, never was. */
    readonly lastSeen: Instant | null
  } | null
  readonly checks: readonly Checked[]
}

/** @param document of it `access`, `certificates`, `guest`, `resources`, `security` and `updates` */
export function judgeTarget(
  document: Partial<TargetDocument>,
  services: readonly ServiceStatus[],
  judged: Judged,
): Health {
  const { policy, clock, checks } = judged
  const said = healthOf(document, services)
  const wrong = [
    ...said.reasons,
    ...vulnerable(document, said.reasons, policy),
    ...failing(checks, policy.weights.failingChecks),
    ...(clock === null ? [] : certificates(document, policy, clock.time)),
    ...hostKey(document, policy),
    ...powerless(document, policy),
  ]
  return concluded(wrong, said.score !== null || isChecked(checks), judged)
}

export function judgeService({ state, container, flapping }: Partial<ServiceDocument>, judged: Judged): Health {
  const { policy, checks } = judged
  const { weights } = policy
  const status = state?.status ?? "unknown"
  const path = "/state/status"
  const wrong: HealthReason[] = [...failing(checks, weights.unhealthy)]
  if (status === "failed") wrong.push({ factor: "failed", weight: weights.failed, fact: "it has failed", path })
  if (status === "stopped") wrong.push({ factor: "stopped", weight: weights.stopped, fact: "it is stopped", path })
  if (flapping === true)
    wrong.push({ factor: "flapping", weight: weights.flapping, fact: "its state keeps changing", path: "/flapping" })
  if (container?.health === "unhealthy") {
    const fact = "its container says that it is unhealthy"
    wrong.push({ factor: "unhealthy", weight: weights.unhealthy, fact, path: "/container/health" })
  }
  return concluded(wrong, status !== "unknown" || isChecked(checks), judged)
}

/** What a stack consists of, or stands on. */
export interface Needed {
  readonly name: string
  readonly health: Health
}

/** A stack is as healthy as what it needs: its services and the machine that it is on. If one of these is unknown and nothing known is wrong, so is the stack. */
export function judgeStack(needed: readonly Needed[]): Health {
  const known = needed.filter(({ health }) => health.score !== null && health.score < 1)
  const worst = known.toSorted((a, b) => (a.health.score ?? 1) - (b.health.score ?? 1))[0]
  if (worst === undefined) {
    const isKnown = needed.length > 0 && needed.every(({ health }) => health.score !== null)
    return { score: isKnown ? 1 : null, reasons: [] }
  }
  const others = known.length - 1
  const why = worst.health.reasons.map(({ fact }) => fact).join(", ")
  const more = others === 0 ? "" : `; ${counted(others, "other thing", "other things")} that it needs would take less`
  const weight = Math.round((1 - (worst.health.score ?? 1)) * 100) / 100
  const reasons = [{ factor: "needs" as const, weight, fact: `it needs ${worst.name}: ${why}${more}`, path: null }]
  return { score: scoreOf(reasons), reasons }
}

/** Trouble that is seen is known. That nobody has looked for long is no sight of anything: where nothing else is known, the score is not. */
function concluded(wrong: readonly HealthReason[], isKnown: boolean, { policy, clock }: Judged): Health {
  const reasons = clock === null ? wrong : [...wrong, ...staleness(policy, clock.time, clock.lastSeen)]
  return { score: isKnown || wrong.length > 0 ? scoreOf(reasons) : null, reasons }
}

function isChecked(checks: readonly Checked[]): boolean {
  return checks.some(({ status }) => status !== "unknown")
}

function staleness({ staleMs, lostMs, weights }: HealthPolicy, time: Instant, seen: Instant | null): HealthReason[] {
  if (seen === null) return [{ factor: "stale", weight: weights.lost, fact: "it was never seen", path: null }]
  const ageMs = epochMs(time) - epochMs(seen)
  const past = ageMs > lostMs ? lostMs : ageMs > staleMs ? staleMs : undefined
  if (past === undefined) return []
  const weight = ageMs > lostMs ? weights.lost : weights.stale
  const hours = counted(Math.round((past / 3_600_000) * 10) / 10, "hour", "hours")
  return [{ factor: "stale", weight, fact: `it was not seen for over ${hours}`, path: null }]
}

function failing(checks: readonly Checked[], weight: number): HealthReason[] {
  const names = [...new Set(checks.filter(({ status }) => status === "failing").map(({ name }) => name))].toSorted()
  if (names.length === 0) return []
  const fact = `${names.length === 1 ? "a check fails" : "checks fail"}: ${listed(names)}`
  return [{ factor: "checks", weight, fact, path: null }]
}

/** Together with what pending updates take, no more than `vulnerable`. */
function vulnerable(
  { security }: Partial<TargetDocument>,
  said: readonly HealthReason[],
  { weights }: HealthPolicy,
): HealthReason[] {
  for (const [scanner, counts] of Object.entries(security?.vulnerabilities ?? {})) {
    const critical = counts?.critical ?? 0
    if (critical === 0) continue
    const taken = said.find(({ factor }) => factor === "security")?.weight ?? 0
    const weight = Math.round(Math.max(0, weights.vulnerable - taken) * 100) / 100
    const fact = `${scanner} knows of ${counted(critical, "critical vulnerability", "critical vulnerabilities")}`
    return [{ factor: "security", weight, fact, path: `/security/vulnerabilities/${scanner}` }]
  }
  return []
}

/** The one that ends first counts, once. */
function certificates(
  { certificates: held }: Partial<TargetDocument>,
  { certificateMs, weights }: HealthPolicy,
  time: Instant,
): HealthReason[] {
  const ends = Object.entries(held ?? {}).flatMap(([key, { notAfter }]) => {
    const endsMs = Date.parse(notAfter ?? "")
    return Number.isNaN(endsMs) ? [] : [{ key, notAfter, leftMs: endsMs - epochMs(time) }]
  })
  const first = ends.toSorted((a, b) => a.leftMs - b.leftMs || (a.key < b.key ? -1 : 1))[0]
  if (first === undefined || first.leftMs > certificateMs) return []
  const [isOver, path] = [first.leftMs < 0, `/certificates/${escapeKey(first.key)}`]
  const fact = `the certificate at ${first.key.slice("cert:".length)} ${isOver ? "ended" : "ends"} ${first.notAfter}`
  return [
    { factor: "certificate", weight: isOver ? weights.certificateExpired : weights.certificateExpiring, fact, path },
  ]
}

function hostKey({ access }: Partial<TargetDocument>, { weights }: HealthPolicy): HealthReason[] {
  if ((access?.offeredHostKey ?? null) === null) return []
  const fact = "it shows another host key than the one that is trusted"
  return [{ factor: "host-key", weight: weights.hostKey, fact, path: "/access/offeredHostKey" }]
}

/** A template never runs. */
function powerless({ guest }: Partial<TargetDocument>, { weights }: HealthPolicy): HealthReason[] {
  if (guest?.power !== "stopped" || guest.template === true) return []
  return [{ factor: "stopped", weight: weights.stopped, fact: "it is stopped", path: "/guest/power" }]
}
