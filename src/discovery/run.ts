/**
 * One look at one source, from looking to the ledger: what it changes is appended, absence is concluded where the coverage allows it, and the
 * account of the run comes last, so that a run is visible by its completion. A run that is cut off leaves true events; the next finds the rest.
 */
import type { FleetEvent, NewEvent } from "#events/catalog.js"
import type { ServiceDocument } from "#events/facets/service.js"
import type { Policy } from "#events/policy.js"
import type { Clock, Instant } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import { type RecordId, type RunId, type StreamName, newRunId, recordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import type { Ops } from "#ops/ops.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { type RunAccount, recordAccount } from "./account.js"
import { decideDiscovered, decideMissing, decideSeen } from "./decide.js"
import { refutes } from "./refute.js"
import { resourcesAfter } from "./resources.js"
import type { EntityKind, Look, Observation, Source } from "./observation.js"

export interface DiscoveryPorts {
  readonly ledger: Ledger
  readonly views: ViewsReader
  /** Resolves when the views show everything up to the position. */
  readonly reached: (position: Position) => Promise<void>
  readonly ops: Ops
  readonly clock: Clock
}

export interface RunRequest {
  /** Who asked for the look. Who changed the machine is another question, which a look does not answer. */
  readonly actor: string
  readonly signal: AbortSignal
}

export interface RunReport {
  readonly source: string
  readonly runId: RunId
  readonly outcome: "completed" | "failed"
  /** Why it failed. */
  readonly message?: string
  readonly targets: number
  readonly services: number
  /** Change events appended. */
  readonly changes: number
  /** The last position of this run, or the head when it wrote nothing. */
  readonly position: Position
}

/** Changes to one record, to be appended as one. */
interface Decision {
  readonly stream: StreamName
  readonly events: readonly FleetEvent[]
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
    look = await source.look(request.signal)
  } catch (error) {
    if (request.signal.aborted) throw cancelled(source.name)
    return run.fail(error)
  }
  if (request.signal.aborted) throw cancelled(source.name)
  return run.conclude(look)
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

  async conclude(look: Look): Promise<RunReport> {
    const known = await this.#knownRecords()
    const decisions = [...(await this.#seen(look, known)), ...(await this.#missing(look, known))]
    const changes = decisions.reduce((sum, { events }) => sum + events.length, 0)
    const position = await this.#append(decisions, look.observedAt)
    const count = (kind: EntityKind) => look.observations.filter((observation) => observation.kind === kind).length
    const [targets, services] = [count("target"), count("service")]
    const account: RunAccount = {
      type: "DiscoveryCompleted",
      data: { source: this.source, startedAt: this.startedAt, coverage: look.coverage, targets, services, changes },
    }
    const last = await this.#recordAccount(account, changes > 0)
    await this.ports.ops.looks.finished({
      source: this.source,
      finishedAt: this.ports.clock.now(),
      outcome: "completed",
    })
    return {
      source: this.source,
      runId: this.runId,
      outcome: "completed",
      targets,
      services,
      changes,
      position: last ?? position,
    }
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
      changes: 0,
      position,
    }
  }

  #recordAccount(account: RunAccount, changed: boolean): Promise<Position | undefined> {
    const { ledger, clock } = this.ports
    return recordAccount(ledger, clock, account, { actor: this.request.actor, runId: this.runId }, changed)
  }

  /** By kind and native key; of several generations the newest. */
  async #knownRecords(): Promise<Map<string, RecordRow>> {
    const records = await this.ports.views.inventory.recordsOf(this.source)
    return new Map(records.map((record) => [`${record.kind} ${record.nativeKey}`, record]))
  }

  async #seen({ observations, observedAt }: Look, known: ReadonlyMap<string, RecordRow>): Promise<Decision[]> {
    const decisions: Decision[] = []
    // Of all that was known before or is seen now, so of whatever a service can run on.
    const ids = new Map<string, RecordId>()
    for (const { kind, nativeKey } of observations) {
      ids.set(`${kind} ${nativeKey}`, recordId(this.source, kind, nativeKey))
    }
    for (const [key, { id }] of known) ids.set(key, id)
    // A service is discovered on a target: targets go first.
    for (const observation of [...observations].sort(
      (a, b) => Number(a.kind === "service") - Number(b.kind === "service"),
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

  async #seenOne(
    observation: Observation,
    observedAt: Instant,
    record: RecordRow | undefined,
    ids: ReadonlyMap<string, RecordId>,
  ): Promise<Decision> {
    const { kind, nativeKey, on } = observation
    const id = record?.id ?? recordId(this.source, kind, nativeKey)
    const stream = `${kind}-${id}` as StreamName
    const document = record === undefined ? {} : await this.ports.views.inventory.document(record.no, this.head)
    const { measurements, absences } = this.ports.ops
    const resources = await resourcesAfter(observation, id, observedAt, this.policy.bands, measurements, document)
    if (record === undefined) {
      const target = on === undefined ? undefined : ids.get(`target ${on}`)
      const provenance = { source: this.source, nativeKey, generation: 0 }
      return { stream, events: [decideDiscovered(observation, provenance, resources, target)] }
    }
    await absences.seen(id)
    return { stream, events: decideSeen(document, observation, resources) }
  }

  async #missing({ observations, coverage }: Look, known: ReadonlyMap<string, RecordRow>): Promise<Decision[]> {
    const seen = new Set(observations.map(({ kind, nativeKey }) => `${kind} ${nativeKey}`))
    const targets = new Map(
      observations.filter(({ kind }) => kind === "target").map((target) => [target.nativeKey, target]),
    )
    const nativeKeys = new Map([...known.values()].map(({ id, nativeKey }) => [id, nativeKey]))
    const decisions: Decision[] = []
    for (const [key, record] of known) {
      if (seen.has(key)) continue
      const document = await this.ports.views.inventory.document(record.no, this.head, [
        "lifecycle",
        "identity",
        "config",
        "state",
      ])
      if (document["lifecycle"] === "retired") continue
      const target = targets.get(nativeKeys.get(record.targetId) ?? "")
      const gone = record.kind === "service" && refutes(target, document as unknown as ServiceDocument)
      if (!gone && !coverage.complete[record.kind]) continue
      const looks = await this.ports.ops.absences.missed(record.id)
      const events = decideMissing(document, record.kind, looks, this.policy)
      const stream = `${record.kind}-${record.id}` as StreamName
      if (events.length > 0) decisions.push({ stream, events })
    }
    return decisions
  }

  /**
   * Targets first: a service on a target that the ledger did not take could never be shown. Within that asked for at once, in order: the
   * ledger writes them in that order, with as few commits as it can.
   */
  async #append(decisions: readonly Decision[], observedAt: Instant): Promise<Position> {
    const isOfTarget = ({ stream }: Decision) => stream.startsWith("target-")
    const ofTargets = await this.#appendAtOnce(decisions.filter(isOfTarget), observedAt)
    const ofServices = await this.#appendAtOnce(
      decisions.filter((decision) => !isOfTarget(decision)),
      observedAt,
    )
    return ofServices > ofTargets ? ofServices : ofTargets
  }

  async #appendAtOnce(decisions: readonly Decision[], observedAt: Instant): Promise<Position> {
    const metadata = { actor: "discovery", source: this.source, runId: this.runId }
    const revisions: number[] = []
    for (const { stream } of decisions) revisions.push(await this.#revisionKnown(stream))
    // Settled, all of them: a run that has ended, however it ended, writes nothing more.
    const appends = await Promise.allSettled(
      decisions.map(({ stream, events }, i) => {
        const stamped = events.map((event): NewEvent => ({ ...event, metadata, observedAt }))
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

  /** The revision that was decided upon: the stream's, provided that nothing came since the views were read. */
  async #revisionKnown(stream: StreamName): Promise<number> {
    const [last] = await this.ports.ledger.readStream(stream, { limit: 1, backwards: true })
    if (last === undefined) return noStream
    if (last.position <= this.head) return last.revision
    throw new FleetError(
      "RevisionConflict",
      `somebody else wrote to ${stream} while "${this.source}" was looked at; look again`,
    )
  }
}
