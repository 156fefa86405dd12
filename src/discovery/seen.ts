/**
 * What follows from what a look saw, some records at a time: gauges are measured, and of each record that is another than it was known, or was seen
 * otherwise, the document is read and decided upon.
 */
import type { FleetEvent } from "#events/catalog.js"
import type { Policy } from "#events/policy.js"
import { inBatches } from "#kernel/batches.js"
import type { Instant } from "#kernel/clock.js"
import { type RecordId, type StreamName, recordId } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { Ops } from "#ops/ops.js"
import { evolve } from "#projections/inventory/evolve.js"
import type { InventoryReader, RecordRow } from "#projections/inventory/read.js"
import { decideAssigned } from "./assign.js"
import { decideDiscovered, decideResources, decideSeen } from "./decide.js"
import type { Decision } from "./decision.js"
import { counterMetrics, measure } from "./measure.js"
import type { Look, Observation } from "./observation.js"
import { resourcesAfter } from "./resources.js"
import { restartsMetric, turnsSeen } from "./turns.js"
import type { DigestOf } from "./unchanged.js"

export interface SeenPorts {
  readonly inventory: InventoryReader
  readonly ledger: Ledger
  readonly ops: Ops
  readonly source: string
  /** The position that is decided upon. */
  readonly head: Position
  readonly policy: Policy
  /** Of what is discovered under a name that another thing bore before: its generation. */
  readonly next: ReadonlyMap<string, number>
  readonly digestOf: DigestOf
}

/** A record that was decided upon, and the digest of what was seen of it. */
export interface Digested {
  readonly id: RecordId
  readonly stream: StreamName
  readonly digest: Buffer
}

export interface Seen {
  readonly decisions: readonly Decision[]
  /** All that were not as they had been decided upon before. One that flaps is not among them: it is decided upon at every look. */
  readonly digested: readonly Digested[]
}

/** Records that are decided upon before others get their turn. */
const atATime = 200

/** @param known the source's records, by kind and native key, without those whose name another thing bears now */
export async function decideAllSeen(
  look: Look,
  known: ReadonlyMap<string, RecordRow>,
  ports: SeenPorts,
): Promise<Seen> {
  const deciding = new Deciding(look.observedAt, known, ports)
  // What is on a target is discovered there: targets go first.
  const inOrder = look.observations.toSorted((a, b) => Number(b.kind === "target") - Number(a.kind === "target"))
  for await (const some of inBatches(inOrder, atATime)) await deciding.some(some)
  return deciding
}

/** One observation with what was measured, and the record it is of. */
interface Measurable {
  readonly observation: Observation
  readonly id: RecordId
  /** Undefined: it is seen for the first time. */
  readonly record: RecordRow | undefined
  readonly values: ReadonlyMap<string, number>
  /** How often it was restarted since the look before, as far as an engine counted. */
  readonly restarts: number
}

class Deciding implements Seen {
  readonly decisions: Decision[] = []
  readonly digested: Digested[] = []
  readonly #observedAt: Instant
  readonly #known: ReadonlyMap<string, RecordRow>
  readonly #ports: SeenPorts
  /** Targets that this look discovers, by native key. */
  readonly #discovered = new Map<string, RecordId>()

  constructor(observedAt: Instant, known: ReadonlyMap<string, RecordRow>, ports: SeenPorts) {
    this.#observedAt = observedAt
    this.#known = known
    this.#ports = ports
  }

  async some(observations: readonly Observation[]): Promise<void> {
    const { measurements, absences } = this.#ports.ops
    const measured: Measurable[] = []
    for (const observation of observations) measured.push(await this.#measured(observation))
    await measurements.record(
      this.#observedAt,
      measured.map(({ id, values }) => ({ record: id, values })),
    )
    await absences.seen(measured.flatMap(({ record }) => record?.id ?? []))
    for (const one of measured) await this.#one(one)
  }

  async #measured(observation: Observation): Promise<Measurable> {
    const { kind, nativeKey } = observation
    const { measurements } = this.#ports.ops
    const record = this.#known.get(keyOf(observation))
    const id = record?.id ?? recordId(this.#ports.source, kind, nativeKey, this.#ports.next.get(keyOf(observation)))
    if (record === undefined && kind === "target") this.#discovered.set(nativeKey, id)
    const previous = new Map<string, number>()
    for (const metric of kind === "target" ? counterMetrics : []) {
      const last = await measurements.last(id, metric)
      if (last !== undefined) previous.set(metric, last)
    }
    const values = measure(observation, previous)
    const now = values.get(restartsMetric)
    const before = now === undefined ? undefined : await measurements.last(id, restartsMetric)
    const restarts = now === undefined || before === undefined ? 0 : Math.max(now - before, 0)
    return { observation, id, record, values, restarts }
  }

  async #one(one: Measurable): Promise<void> {
    const { observation, id, record } = one
    const stream = `${observation.kind}-${id}` as StreamName
    const digest = this.#ports.digestOf(observation)
    if (record !== undefined && (await this.#isUnchanged(one, record, stream, digest))) return
    const { decision, after } =
      record === undefined ? await this.#discover(one, stream) : await this.#decide(one, record, stream)
    if (decision.events.length > 0) this.decisions.push(decision)
    if (after["flapping"] !== true) this.digested.push({ id, stream, digest })
  }

  async #isUnchanged(one: Measurable, record: RecordRow, stream: StreamName, digest: Buffer): Promise<boolean> {
    const { ops, ledger, inventory, head } = this.#ports
    const revision = await ops.decided.revision(record.id, digest)
    if (revision === undefined || one.restarts > 0 || revision !== (await ledger.revisionOf(stream))) return false
    if (one.observation.kind !== "target") return true
    const known = await inventory.document(record.no, head, ["resources"])
    return decideResources(known["resources"], await this.#resources(one, known)).length === 0
  }

  #resources({ observation, id, values }: Measurable, known: JsonObject) {
    const { policy, ops } = this.#ports
    return resourcesAfter(observation, id, values, this.#observedAt, policy.bands, ops.measurements, known)
  }

  async #discover(one: Measurable, stream: StreamName): Promise<Decided> {
    const { observation } = one
    const { nativeKey, on } = observation
    const { source, next } = this.#ports
    const of = keyOf(observation)
    const target = on === undefined ? undefined : (this.#known.get(`target ${on}`)?.id ?? this.#discovered.get(on))
    const resources = await this.#resources(one, {})
    const provenance = { source, nativeKey, generation: next.get(of) ?? 0 }
    const discovered = decideDiscovered(observation, provenance, resources, target)
    const { document } = discovered.data as { document: JsonObject }
    return { decision: { stream, of, events: [discovered, ...this.#assigned(observation, document)] }, after: document }
  }

  async #decide(one: Measurable, record: RecordRow, stream: StreamName): Promise<Decided> {
    const { observation, restarts } = one
    const { inventory, ops, policy, head } = this.#ports
    const document = await inventory.document(record.no, head)
    const resources = await this.#resources(one, document)
    const turns = await turnsSeen(
      document,
      record.id,
      observation,
      restarts,
      this.#observedAt,
      ops.stateChanges,
      policy,
    )
    const decide = (known: JsonObject): FleetEvent[] => {
      const events = [...turns, ...decideSeen(turns.reduce(evolve, known), observation, resources)]
      return [...events, ...this.#assigned(observation, events.reduce(evolve, known))]
    }
    const events = decide(document)
    // State changes are counted once, and only discovery writes to what is not a machine.
    const again = observation.kind === "target" ? { record, decide } : undefined
    const decision = { stream, of: keyOf(observation), events, ...(again && { again }) }
    return { decision, after: events.reduce(evolve, document) }
  }

  /** What rules give to a machine that is known as it is after the look. */
  #assigned({ kind, nativeKey }: Observation, document: JsonObject): FleetEvent[] {
    const { source, policy } = this.#ports
    return kind === "target" ? decideAssigned(document, { nativeKey, source }, policy) : []
  }
}

interface Decided {
  readonly decision: Decision
  /** The document with what was decided. */
  readonly after: JsonObject
}

function keyOf({ kind, nativeKey }: Observation): string {
  return `${kind} ${nativeKey}`
}
