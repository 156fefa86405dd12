/** How the fleet was doing at a position: by what lists tell, and as it is judged at a point, with the reasons. */
import type { TargetDocument } from "#events/facets/target.js"
import type { ServiceDocument, ServiceStatus } from "#events/facets/service.js"
import { defaultPolicy } from "#events/policy.js"
import type { Instant } from "#kernel/clock.js"
import type { RecordId } from "#kernel/ids.js"
import type { Point, Position } from "#kernel/point.js"
import type { CheckState } from "#projections/checks/read.js"
import { type HealthPolicy, type Needed, judgeService, judgeStack, judgeTarget } from "#projections/health/judge.js"
import { type Health, type HealthStatus, healthOf, healthStatus, healthStatuses } from "#projections/health/score.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { targetOf } from "./entity.js"
import { type LastSeen, seenBy } from "./seen.js"
import { documentOfTarget, recordsOfTarget } from "./target.js"

/** The scores of machines by their ids, null where nothing is known of one; those that are retired are not in it. */
export type FleetHealth = ReadonlyMap<RecordId, number | null>

export type HealthTotals = { readonly [S in HealthStatus]: number } & {
  /** The mean of the scores that are known. */
  readonly average: number | null
}

/** How one machine was doing by what lists tell, with the reasons: nothing of it is by the clock, nor by checks or the policy. */
export async function healthAt(views: ViewsReader, { id }: RecordRow, at: Position): Promise<Health> {
  const records = await recordsOfTarget(views, id, at)
  const document = (await documentOfTarget(views, records, at, ["resources", "updates"])) as Partial<TargetDocument>
  return healthOf(document, await servicesOn(views, records, at))
}

/** One machine, service or stack, judged at a point under the policy that was in force there. */
export async function judgedAt(views: ViewsReader, record: RecordRow, point: Point): Promise<Health> {
  return (await Judge.at(views, point, { about: record })).judge(record)
}

/** The same, without what the clock alone brings about: it changes by events alone, so whoever follows these hears of every change. */
export async function heldAt(views: ViewsReader, record: RecordRow, at: Position): Promise<Health> {
  return (await Judge.at(views, { position: at }, { about: record })).judge(record)
}

interface Judging {
  /** Where the policy was in force that is to be judged by. */
  readonly policyAt?: Position
  /** Nothing but this is going to be judged. */
  readonly about?: RecordRow
}

interface Clock {
  readonly time: Instant
  readonly seen: LastSeen
}

/** Without a time, of what the clock alone brings about nothing is known. */
type JudgedPoint = Pick<Point, "position"> & Partial<Point>

/** What the judgement of a machine rests on. */
const judgedFacets = ["access", "certificates", "guest", "resources", "security", "updates"]
/** More than one stack has. */
const mostServices = 10_000

/** Judges at one point; what is the same for all of the fleet is read once. Of the ledger alone, so a point is judged the same whenever it is asked about. */
export class Judge {
  readonly #views: ViewsReader
  readonly #at: Position
  readonly #policy: HealthPolicy
  /** Null where what the clock alone brings about is left out. */
  readonly #clock: Clock | null
  /** By the ids of what they are of, and of the machine's record that this is on. */
  readonly #checks: ReadonlyMap<string, readonly CheckState[]>
  /** Those that others need, too. */
  readonly #machines = new Map<number, Health>()

  private constructor(
    views: ViewsReader,
    at: Position,
    policy: HealthPolicy,
    clock: Clock | null,
    checks: ReadonlyMap<string, readonly CheckState[]>,
  ) {
    this.#views = views
    this.#at = at
    this.#policy = policy
    this.#clock = clock
    this.#checks = checks
  }

  static async at(views: ViewsReader, point: JudgedPoint, { policyAt, about }: Judging = {}): Promise<Judge> {
    const { health } = (await views.policy.at(policyAt ?? point.position)) ?? defaultPolicy
    const checks = new Map<string, CheckState[]>()
    for (const check of await checksFor(views, about, point.position)) {
      const record = check.about === null ? undefined : await views.inventory.record(check.about.id)
      for (const id of record === undefined ? [] : new Set([record.id, record.targetId])) {
        const known = checks.get(id)
        if (known === undefined) checks.set(id, [check])
        else known.push(check)
      }
    }
    const { time } = point
    const clock = time === undefined ? null : { time, seen: await seenBy(views, point.position) }
    return new Judge(views, point.position, health, clock, checks)
  }

  async judge(record: RecordRow): Promise<Health> {
    if (record.kind === "target") return this.#machine(await targetOf(this.#views, record, this.#at))
    return record.kind === "service" ? this.#service(record) : this.#stack(record)
  }

  async #machine({ id, no }: RecordRow): Promise<Health> {
    const known = this.#machines.get(no)
    if (known !== undefined) return known
    const records = await recordsOfTarget(this.#views, id, this.#at)
    const document = (await documentOfTarget(this.#views, records, this.#at, judgedFacets)) as Partial<TargetDocument>
    const services = await servicesOn(this.#views, records, this.#at)
    const health = judgeTarget(document, services, await this.#judged(records, records))
    this.#machines.set(no, health)
    return health
  }

  async #service(record: RecordRow): Promise<Health> {
    const { inventory } = this.#views
    const facets = ["state", "container", "flapping"]
    const document = (await inventory.document(record.no, this.#at, facets)) as Partial<ServiceDocument>
    const host = await this.#hostOf(record)
    const records = host === undefined ? [] : await recordsOfTarget(this.#views, host.id, this.#at)
    return judgeService(document, await this.#judged([record], records))
  }

  async #stack(record: RecordRow): Promise<Health> {
    const { entities, inventory } = this.#views
    const at = this.#at
    const name = await inventory.value(record.no, "/identity/name", at)
    const host = await this.#hostOf(record)
    if (typeof name !== "string" || host === undefined) return judgeStack([])
    const inStack = { has: "text", anyOf: [{ text: name, pattern: false }] } as const
    const condition = { is: "column", column: "stack", test: inStack } as const
    const services = await entities.page({ kind: "service", at, condition, targetNo: host.no, limit: mostServices })
    const needed: Needed[] = []
    for (const { no, name: service } of services) {
      const of = await inventory.recordByNo(no)
      if (of !== undefined) needed.push({ name: service, health: await this.#service(of) })
    }
    if (needed.length === 0) return judgeStack([])
    const machine = await inventory.value(host.no, "/identity/name", at)
    needed.push({ name: typeof machine === "string" ? machine : host.nativeKey, health: await this.#machine(host) })
    return judgeStack(needed)
  }

  async #hostOf({ targetId }: RecordRow): Promise<RecordRow | undefined> {
    const record = await this.#views.inventory.record(targetId)
    return record && targetOf(this.#views, record, this.#at)
  }

  /** @param of whose checks count @param machine whose looks count */
  async #judged(of: readonly RecordRow[], machine: readonly RecordRow[]) {
    const checks = of.flatMap(({ id }) => this.#checks.get(id) ?? [])
    const clock = this.#clock && { time: this.#clock.time, lastSeen: await this.#clock.seen.records(machine) }
    return { policy: this.#policy, clock, checks }
  }
}

/** Those that count for one entity, or all: those of a machine, and of what runs on it; a stack needs all that its machine does. */
async function checksFor(
  views: ViewsReader,
  about: RecordRow | undefined,
  at: Position,
): Promise<readonly CheckState[]> {
  if (about === undefined) return views.checks.at(at)
  if (about.kind === "service") return views.checks.at(at, { about: [about.id] })
  const host = await views.inventory.record(about.targetId)
  if (host === undefined) return []
  const members = await views.inventory.membersOf((await targetOf(views, host, at)).id, at)
  return views.checks.onMachines(
    at,
    members.map(({ no }) => no),
  )
}

/** The statuses of what runs on a machine. */
async function servicesOn(
  { entities }: ViewsReader,
  records: readonly RecordRow[],
  at: Position,
): Promise<readonly ServiceStatus[]> {
  const numbers = records.map(({ no }) => no)
  return (await entities.statusesUnder(numbers, at)) as readonly ServiceStatus[]
}

/** By what lists tell. */
export function healthTotalsAt(views: ViewsReader, at: Position): HealthTotals {
  return totalsOf(views.entities.scoreCounts(at))
}

export function healthTotals(health: FleetHealth): HealthTotals {
  return totalsOf([...health.values()].map((score) => [score, 1]))
}

/** @param scores with how many have each */
function totalsOf(scores: Iterable<readonly [score: number | null, count: number]>): HealthTotals {
  const counts = Object.fromEntries(healthStatuses.map((status) => [status, 0])) as Record<HealthStatus, number>
  let [known, sum] = [0, 0]
  for (const [score, count] of scores) {
    counts[healthStatus(score)] += count
    if (score === null) continue
    known += count
    sum += score * count
  }
  return { ...counts, average: known === 0 ? null : Math.round((sum / known) * 1_000) / 1_000 }
}
