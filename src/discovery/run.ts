/**
 * One look at one source, from looking to the ledger: what it changes is appended, absence is concluded where the coverage allows it, and the
 * account of the run comes last, so that a run is visible by its completion. A run that is cut off leaves true events; the next finds the rest.
 */
import type { FleetEvent } from "#events/catalog.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { Policy } from "#events/policy.js"
import type { FailedTarget } from "#events/source.js"
import { inBatches } from "#kernel/batches.js"
import type { Clock, Instant } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import { type RecordId, type RunId, type StreamName, newRunId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { inSpan } from "#kernel/span.js"
import { revisionDecidedUpon } from "#ledger/decided-upon.js"
import type { Ledger } from "#ledger/port.js"
import type { DecidedUpon } from "#ops/decided.js"
import type { Ops } from "#ops/ops.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { decideAbsent } from "./absent.js"
import { type RunAccount, recordAccount } from "./account.js"
import { causesSince } from "./causes.js"
import { shortly } from "./coverage.js"
import { type Decision, appendDecisions, whoseOf } from "./decision.js"
import { generations } from "./generations.js"
import { interrupted } from "./interrupted.js"
import { type Linked, linkRecords } from "./identity/link.js"
import type { EntityKind, Look, LookProgress, Source } from "./observation.js"
import { type Digested, decideAllSeen } from "./seen.js"
import { digestBy } from "./unchanged.js"

export interface DiscoveryPorts {
  readonly ledger: Ledger
  readonly views: ViewsReader
  /** Resolves when the views show everything up to the position. */
  readonly reached: (position: Position) => Promise<void>
  readonly ops: Ops
  readonly clock: Clock
  /** Of this program: another one may decide otherwise. */
  readonly version: string
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

export async function runDiscovery(source: Source, ports: DiscoveryPorts, request: RunRequest): Promise<RunReport> {
  const startedAt = ports.clock.now()
  const runId = newRunId()
  const head = (await ports.ledger.head()).position
  await ports.reached(head)
  const policy = await ports.views.policy.at(head)
  if (policy === undefined) throw new FleetError("InvalidConfig", "no policy has been adopted yet")
  const run = new Run(source.name, runId, startedAt, head, policy, ports, request)
  if (request.signal.aborted) throw cancelled(source.name)
  await ports.ops.looks.begun({ source: source.name, runId, actor: request.actor, startedAt })
  try {
    return await inSpan("look", { "fleet_ledger.source": source.name, "fleet_ledger.run": runId }, () =>
      run.through(source),
    )
  } catch (error) {
    await ports.ops.looks.ended(source.name)
    throw error
  }
}

function cancelled(source: string): FleetError {
  return new FleetError("Cancelled", `the look at "${source}" was cancelled`)
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

  /** @throws FleetError `Cancelled`, which is recorded: whoever asks later sees that there was a look, and that it was cut off */
  async through(source: Source): Promise<RunReport> {
    const { signal, progress } = this.request
    let look: Look
    try {
      look = await source.look(signal, progress)
    } catch (error) {
      if (signal.aborted) throw await this.#cutOff()
      return this.fail(error)
    }
    if (signal.aborted) throw await this.#cutOff()
    return this.conclude(source, look)
  }

  async #cutOff(): Promise<FleetError> {
    await this.#recordAccount(interrupted(this.source, this.startedAt), false)
    return cancelled(this.source)
  }

  async conclude(source: Source, look: Look): Promise<RunReport> {
    const { head, policy } = this
    const { ledger, views, ops, reached, version } = this.ports
    const { inventory } = views
    const newest = byNativeKey(await inventory.recordsOf(this.source))
    const done = await causesSince(look.causes ?? [], this.source, head, { looks: ops.looks, views })
    const { known, next, ended } = await generations(look, newest, { inventory, head, policy, done })
    const absent = await decideAbsent(look, [...known.values()], {
      inventory,
      absences: ops.absences,
      stateChanges: ops.stateChanges,
      head,
      policy,
      acceptAbsence: this.request.acceptAbsence ?? false,
      whyUnseen: (nativeKeys) => this.#whyUnseen(source, nativeKeys),
    })
    const digestOf = digestBy(policy, version)
    const ports = { inventory, ledger, ops, source: this.source, head, policy, next, digestOf }
    const seen = await decideAllSeen(look, known, ports)
    const { changes, position, revisions } = await appendDecisions(
      [...ended, ...seen.decisions, ...absent.decisions, ...(await this.#hostKeys(look, known))],
      {
        metadata: { actor: "discovery", source: this.source, runId: this.runId },
        observedAt: look.observedAt,
        runId: this.runId,
        head,
        done,
      },
      { ledger, inventory, reached },
    )
    const count = (kind: EntityKind) => look.observations.filter((observation) => observation.kind === kind).length
    const found = { targets: count("target"), services: count("service"), stacks: count("stack") }
    const coverage = shortly(absent.coverage)
    const account: RunAccount = {
      type: "DiscoveryCompleted",
      data: { source: this.source, startedAt: this.startedAt, coverage, ...found, changes },
    }
    const accounted = (await this.#recordAccount(account, changes > 0)) ?? position
    const linked = await this.ports.alone(() => this.#link(seen.digested))
    await this.#remember(seen.digested, revisions, linked.judged)
    const failed = absent.coverage.failed ?? []
    const [first] = failed
    // Whoever asked is told why; the account names each.
    const nothing = first !== undefined && look.observations.length === 0
    const outcome = nothing ? "failed" : "completed"
    await ops.looks.finished({ source: this.source, finishedAt: this.ports.clock.now(), outcome })
    return {
      source: this.source,
      runId: this.runId,
      outcome,
      ...(nothing ? { message: nothingAnswered(failed.length, first) } : {}),
      ...found,
      failed,
      held: absent.held,
      changes,
      position: linked.position ?? accounted,
    }
  }

  async #whyUnseen(source: Source, nativeKeys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    try {
      return (await source.whyUnseen?.(nativeKeys, this.request.signal)) ?? new Map()
    } catch (error) {
      throw this.request.signal.aborted ? await this.#cutOff() : error
    }
  }

  /** Machines that were not as they had been: what they are linked by may be another. */
  async #link(digested: readonly Digested[]): Promise<Linked> {
    const { ledger, views, reached, ops, clock, tellsApart } = this.ports
    const { position: at } = await ledger.head()
    await reached(at)
    const targets = digested.filter(({ stream }) => stream.startsWith("target-")).map(({ id }) => id)
    const ports = { ledger, views, reached, evidence: ops.evidence, clock, tellsApart }
    return linkRecords(targets, this.source, this.runId, at, ports)
  }

  /** That there is nothing left to say of what was seen: of records that others write to, the next look finds out. */
  async #remember(
    digested: readonly Digested[],
    appended: ReadonlyMap<StreamName, number>,
    judged: ReadonlySet<RecordId>,
  ): Promise<void> {
    const isDone = ({ stream, id }: Digested) => !stream.startsWith("target-") || judged.has(id)
    for await (const some of inBatches(digested.filter(isDone), 1_000)) {
      const kept: DecidedUpon[] = []
      for (const { id, stream, digest } of some) {
        const revision = appended.get(stream) ?? (await this.#revisionAtHead(stream))
        if (revision !== undefined) kept.push({ record: id, revision, digest })
      }
      await this.ports.ops.decided.keep(kept)
    }
  }

  async #revisionAtHead(stream: StreamName): Promise<number | undefined> {
    try {
      return await revisionDecidedUpon(this.ports.ledger, stream, this.head)
    } catch (error) {
      if (error instanceof FleetError && error.code === "RevisionConflict") return undefined
      throw error
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

  /** Who answers with another host key than the trusted one is not looked at, and everybody should know. */
  async #hostKeys({ hostKeysOffered = new Map() }: Look, known: ReadonlyMap<string, RecordRow>): Promise<Decision[]> {
    const decisions: Decision[] = []
    for (const [nativeKey, to] of hostKeysOffered) {
      const record = known.get(`target ${nativeKey}`)
      if (record === undefined) continue
      const decide = (document: JsonObject): FleetEvent[] => {
        const { offeredHostKey: from } = (document as Partial<TargetDocument>).access ?? {}
        return from === undefined || from === to ? [] : [{ type: "HostKeyChanged", data: { from, to } }]
      }
      const events = decide(await this.ports.views.inventory.document(record.no, this.head, ["access"]))
      if (events.length > 0) decisions.push({ ...whoseOf(record), events, again: { record, decide } })
    }
    return decisions
  }
}

/** Records by kind and native key; of several generations the newest. */
function byNativeKey(records: readonly RecordRow[]): Map<string, RecordRow> {
  return new Map(records.map((record) => [`${record.kind} ${record.nativeKey}`, record]))
}

function nothingAnswered(count: number, { message }: FailedTarget): string {
  return count === 1 ? message : `none of ${count} machines could be looked at; the first: ${message}`
}
