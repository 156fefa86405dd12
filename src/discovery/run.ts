/**
 * One look at one source, from looking to the ledger: what it changes is appended, absence is concluded where the coverage allows it, and the
 * account of the run comes last, so that a run is visible by its completion. A run that is cut off leaves true events; the next finds the rest.
 */
import type { FleetEvent, NewEvent } from "#events/catalog.js"
import type { Policy } from "#events/policy.js"
import type { FailedTarget } from "#events/source.js"
import type { Clock, Instant } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import { type RecordId, type RunId, type StreamName, newRunId, recordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { revisionDecidedUpon } from "#ledger/decided-upon.js"
import { type Ledger, noStream } from "#ledger/port.js"
import type { Ops } from "#ops/ops.js"
import { evolve } from "#projections/inventory/evolve.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { decideAbsent } from "./absent.js"
import { decideAssigned } from "./assign.js"
import { type RunAccount, recordAccount } from "./account.js"
import { type Explained, explained } from "./because.js"
import { causesSince } from "./causes.js"
import { generations } from "./generations.js"
import { linkRecords } from "./identity/link.js"
import { decideDiscovered, decideSeen } from "./decide.js"
import { resourcesAfter } from "./resources.js"
import type { EntityKind, Look, LookProgress, Observation, Source } from "./observation.js"
import { turnsSeen } from "./turns.js"

export interface DiscoveryPorts {
  readonly ledger: Ledger
  readonly views: ViewsReader
  /** Resolves when the views show everything up to the position. */
  readonly reached: (position: Position) => Promise<void>
  readonly ops: Ops
  readonly clock: Clock
  /** Whether what one look of a source saw as two is two. */
  readonly tellsApart: (source: string) => boolean
  /** Runs what works on all sources' records after what does so already has ended. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
}

export interface RunRequest {
  /** Who asked for the look. Who changed the machine is another question, which a look does not answer. */
  readonly actor: string
  readonly signal: AbortSignal
  readonly progress?: LookProgress
  /** Whether what is missing is gone, however much it is. */
  readonly acceptAbsence?: boolean
}

export interface RunReport {
  readonly source: string
  readonly runId: RunId
  readonly outcome: "completed" | "failed"
  /** Why it failed. */
  readonly message?: string
  readonly targets: number
  readonly services: number
  readonly stacks: number
  /** Machines that could not be looked at. */
  readonly failed: readonly FailedTarget[]
  /** Machines that are missing and held, as they are too many. */
  readonly held: number
  /** Change events appended. */
  readonly changes: number
  /** The last position of this run, or the head when it wrote nothing. */
  readonly position: Position
}

/** Changes to one record. */
interface Decision {
  readonly stream: StreamName
  /** The record's kind and native key. */
  readonly of: string
  readonly events: readonly FleetEvent[]
}

/** The same with who did it, to be appended as one. */
interface ExplainedDecision {
  readonly stream: StreamName
  readonly events: readonly Explained[]
}

export async function runDiscovery(source: Source, ports: DiscoveryPorts, request: RunRequest): Promise<RunReport> {
  const startedAt = ports.clock.now()
  const runId = newRunId()
  const head = (await ports.ledger.head()).position
  await ports.reached(head)
  const policy = await ports.views.policy.at(head)
  if (policy === undefined) throw new FleetError("InvalidConfig", "no policy has been adopted yet")
  const run = new Run(source.name, runId, startedAt, head, policy, ports, request)
  let look: Look
  try {
    look = await source.look(request.signal, request.progress)
  } catch (error) {
    if (request.signal.aborted) throw cancelled(source.name)
    return run.fail(error)
  }
  if (request.signal.aborted) throw cancelled(source.name)
  return run.conclude(source, look)
}

function cancelled(source: string): FleetError {
  return new FleetError("Cancelled", `the look at "${source}" was cancelled; nothing was recorded`)
}

class Run {
  readonly source: string
  readonly runId: RunId
  readonly startedAt: Instant
  readonly head: Position
  readonly policy: Policy
  readonly ports: DiscoveryPorts
  readonly request: RunRequest
  /** Of what is discovered under a name that another thing bore before: its generation. */
  #next: ReadonlyMap<string, number> = new Map()

  constructor(
    source: string,
    runId: RunId,
    startedAt: Instant,
    head: Position,
    policy: Policy,
    ports: DiscoveryPorts,
    request: RunRequest,
  ) {
    this.source = source
    this.runId = runId
    this.startedAt = startedAt
    this.head = head
    this.policy = policy
    this.ports = ports
    this.request = request
  }

  async conclude(source: Source, look: Look): Promise<RunReport> {
    const records = await this.ports.views.inventory.recordsOf(this.source)
    const { ops, views } = this.ports
    const done = await causesSince(look.causes ?? [], this.source, this.head, { looks: ops.looks, views })
    const { inventory } = views
    const newest = byNativeKey(records)
    const { known, next, ended } = await generations(look, newest, {
      inventory,
      head: this.head,
      policy: this.policy,
      done,
    })
    this.#next = next
    const absent = await decideAbsent(look, [...known.values()], {
      inventory,
      absences: ops.absences,
      stateChanges: ops.stateChanges,
      head: this.head,
      policy: this.policy,
      acceptAbsence: this.request.acceptAbsence ?? false,
      whyUnseen: (nativeKeys) => this.#whyUnseen(source, nativeKeys),
    })
    const decisionOf = ({ record, events }: (typeof ended)[number]) => ({ ...whoseOf(record), events })
    const decided = [
      ...ended.map(decisionOf),
      ...(await this.#seen(look, known)),
      ...absent.decisions.map(decisionOf),
      ...(await this.#hostKeys(look, [...known.values()])),
    ]
    const decisions = decided.map(({ stream, of, events }) => ({
      stream,
      events: explained(events, done.get(of) ?? []),
    }))
    const changes = decisions.reduce((sum, { events }) => sum + events.length, 0)
    const position = await this.#append(decisions, look.observedAt)
    const count = (kind: EntityKind) => look.observations.filter((observation) => observation.kind === kind).length
    const found = { targets: count("target"), services: count("service"), stacks: count("stack") }
    const { coverage } = absent
    const account: RunAccount = {
      type: "DiscoveryCompleted",
      data: { source: this.source, startedAt: this.startedAt, coverage, ...found, changes },
    }
    const accounted = (await this.#recordAccount(account, changes > 0)) ?? position
    const linked = await this.ports.alone(() => this.#link(look, known))
    const failed = coverage.failed ?? []
    const [first] = failed
    // Whoever asked is told why; the account names each.
    const nothing = first !== undefined && look.observations.length === 0
    const outcome = nothing ? "failed" : "completed"
    await this.ports.ops.looks.finished({ source: this.source, finishedAt: this.ports.clock.now(), outcome })
    return {
      source: this.source,
      runId: this.runId,
      outcome,
      ...(nothing ? { message: nothingAnswered(failed.length, first) } : {}),
      ...found,
      failed,
      held: absent.held,
      changes,
      position: linked ?? accounted,
    }
  }

  async #whyUnseen(source: Source, nativeKeys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    try {
      return (await source.whyUnseen?.(nativeKeys, this.request.signal)) ?? new Map()
    } catch (error) {
      if (this.request.signal.aborted) throw cancelled(this.source)
      throw error
    }
  }

  async #link(look: Look, known: ReadonlyMap<string, RecordRow>): Promise<Position | undefined> {
    const { ledger, views, reached, ops, clock, tellsApart } = this.ports
    const { position: at } = await ledger.head()
    await reached(at)
    const seen = look.observations.filter(({ kind }) => kind === "target")
    const ids = seen.map(({ nativeKey }) => known.get(`target ${nativeKey}`)?.id ?? this.#newId("target", nativeKey))
    const ports = { ledger, views, reached, evidence: ops.evidence, clock, tellsApart }
    return linkRecords(ids, this.source, this.runId, at, ports)
  }

  /** A look that came to nothing: says so, and concludes nothing about what it did not see. */
  async fail(error: unknown): Promise<RunReport> {
    const code = error instanceof FleetError ? error.code : "SourceUnavailable"
    // Foreign text, cut: half a character at its end, or within, is nothing that JSON can carry.
    const message = messageOf(error).slice(0, 1_000).toWellFormed()
    const account: RunAccount = {
      type: "DiscoveryFailed",
      data: { source: this.source, startedAt: this.startedAt, code, message },
    }
    const position = (await this.#recordAccount(account, false)) ?? this.head
    await this.ports.ops.looks.finished({ source: this.source, finishedAt: this.ports.clock.now(), outcome: "failed" })
    return {
      source: this.source,
      runId: this.runId,
      outcome: "failed",
      message,
      targets: 0,
      services: 0,
      stacks: 0,
      failed: [],
      held: 0,
      changes: 0,
      position,
    }
  }

  #recordAccount(account: RunAccount, changed: boolean): Promise<Position | undefined> {
    const { ledger, clock } = this.ports
    return recordAccount(ledger, clock, account, { actor: this.request.actor, runId: this.runId }, changed)
  }

  async #seen({ observations, observedAt }: Look, known: ReadonlyMap<string, RecordRow>): Promise<Decision[]> {
    const decisions: Decision[] = []
    // Of all that was known before or is seen now, so of whatever a service can run on.
    const ids = new Map<string, RecordId>()
    for (const { kind, nativeKey } of observations) {
      ids.set(`${kind} ${nativeKey}`, this.#newId(kind, nativeKey))
    }
    for (const [key, { id }] of known) ids.set(key, id)
    // What is on a target is discovered there: targets go first.
    for (const observation of observations.toSorted(
      (a, b) => Number(b.kind === "target") - Number(a.kind === "target"),
    )) {
      const decision = await this.#seenOne(
        observation,
        observedAt,
        known.get(`${observation.kind} ${observation.nativeKey}`),
        ids,
      )
      if (decision.events.length > 0) decisions.push(decision)
    }
    return decisions
  }

  /** Of a record that is discovered now. */
  #newId(kind: EntityKind, nativeKey: string): RecordId {
    return recordId(this.source, kind, nativeKey, this.#next.get(`${kind} ${nativeKey}`))
  }

  async #seenOne(
    observation: Observation,
    observedAt: Instant,
    record: RecordRow | undefined,
    ids: ReadonlyMap<string, RecordId>,
  ): Promise<Decision> {
    const { kind, nativeKey, on } = observation
    const id = record?.id ?? this.#newId(kind, nativeKey)
    const [stream, of] = [`${kind}-${id}` as StreamName, `${kind} ${nativeKey}`]
    const document = record === undefined ? {} : await this.ports.views.inventory.document(record.no, this.head)
    const { measurements, absences } = this.ports.ops
    const resources = await resourcesAfter(observation, id, observedAt, this.policy.bands, measurements, document)
    if (record === undefined) {
      const target = on === undefined ? undefined : ids.get(`target ${on}`)
      const provenance = { source: this.source, nativeKey, generation: this.#next.get(of) ?? 0 }
      const discovered = decideDiscovered(observation, provenance, resources, target)
      const { document: first } = discovered.data as { document: JsonObject }
      return { stream, of, events: [discovered, ...this.#assigned(observation, first)] }
    }
    await absences.seen(id)
    const turns = await turnsSeen(document, id, observation, observedAt, this.ports.ops, this.policy)
    const events = [...turns, ...decideSeen(turns.reduce(evolve, document), observation, resources)]
    return { stream, of, events: [...events, ...this.#assigned(observation, events.reduce(evolve, document))] }
  }

  /** What rules give to a machine that is known as it is after the look. */
  #assigned({ kind, nativeKey }: Observation, document: JsonObject): FleetEvent[] {
    return kind === "target" ? decideAssigned(document, { nativeKey, source: this.source }, this.policy) : []
  }

  /** Who answers with another host key than the trusted one is not looked at, and everybody should know. */
  async #hostKeys({ hostKeysOffered = new Map() }: Look, known: readonly RecordRow[]): Promise<Decision[]> {
    const decisions: Decision[] = []
    for (const record of known) {
      const to = record.kind === "target" ? hostKeysOffered.get(record.nativeKey) : undefined
      if (to === undefined) continue
      const from = await this.ports.views.inventory.value(record.no, "/access/offeredHostKey", this.head)
      if (from === undefined || from === to) continue
      decisions.push({
        ...whoseOf(record),
        events: [{ type: "HostKeyChanged", data: { from: from as string | null, to } }],
      })
    }
    return decisions
  }

  /**
   * Targets first: what is on a target that the ledger did not take could never be shown. Within that asked for at once, in order: the
   * ledger writes them in that order, with as few commits as it can.
   */
  async #append(decisions: readonly ExplainedDecision[], observedAt: Instant): Promise<Position> {
    const isOfTarget = ({ stream }: ExplainedDecision) => stream.startsWith("target-")
    const ofTargets = await this.#appendAtOnce(decisions.filter(isOfTarget), observedAt)
    const ofServices = await this.#appendAtOnce(
      decisions.filter((decision) => !isOfTarget(decision)),
      observedAt,
    )
    return ofServices > ofTargets ? ofServices : ofTargets
  }

  async #appendAtOnce(decisions: readonly ExplainedDecision[], observedAt: Instant): Promise<Position> {
    const metadata = { actor: "discovery", source: this.source, runId: this.runId }
    const revisions: number[] = []
    for (const { stream } of decisions) revisions.push(await revisionDecidedUpon(this.ports.ledger, stream, this.head))
    // Settled, all of them: a run that has ended, however it ended, writes nothing more.
    const appends = await Promise.allSettled(
      decisions.map(({ stream, events }, i) => {
        const stamped = events.map(({ event, cause }): NewEvent => {
          if (cause === undefined) return { ...event, metadata, observedAt }
          const { by, reason, at: occurredAt } = cause
          return { ...event, metadata: { ...metadata, reason, ...(by && { by }) }, observedAt, occurredAt }
        })
        return this.ports.ledger.append(stream, revisions[i] ?? noStream, stamped, this.runId)
      }),
    )
    let last = this.head
    for (const append of appends) {
      if (append.status === "rejected") throw append.reason
      if (append.value.position > last) last = append.value.position
    }
    return last
  }
}

function whoseOf({ kind, id, nativeKey }: RecordRow): Pick<Decision, "stream" | "of"> {
  return { stream: `${kind}-${id}` as StreamName, of: `${kind} ${nativeKey}` }
}

/** Records by kind and native key; of several generations the newest. */
function byNativeKey(records: readonly RecordRow[]): Map<string, RecordRow> {
  return new Map(records.map((record) => [`${record.kind} ${record.nativeKey}`, record]))
}

function nothingAnswered(count: number, { message }: FailedTarget): string {
  return count === 1 ? message : `none of ${count} machines could be looked at; the first: ${message}`
}
