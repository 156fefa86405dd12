/**
 * What follows for the records that a look did not find. Only complete coverage, or positive evidence, says that something is not there; and when too
 * many machines are missing at once, it is rather the look that is wrong (a token that lost its rights, another cluster at the same address).
 */
import type { ServiceDocument } from "#events/facets/service.js"
import type { Policy } from "#events/policy.js"
import type { Coverage } from "#events/source.js"
import type { JsonObject } from "#kernel/json.js"
import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import type { Absences } from "#ops/absences.js"
import type { StateChanges } from "#ops/state-changes.js"
import { evolve } from "#projections/inventory/evolve.js"
import type { InventoryReader, RecordRow } from "#projections/inventory/read.js"
import { inOrder, reachOf } from "./coverage.js"
import { decideLeft, decideMissing } from "./decide.js"
import { type Decision, whoseOf } from "./decision.js"
import type { Look, Observation } from "./observation.js"
import { refutes } from "./refute.js"
import { turnsMissed } from "./turns.js"

export interface AbsencePorts {
  readonly inventory: InventoryReader
  readonly absences: Absences
  readonly stateChanges: StateChanges
  /** The position that is decided upon. */
  readonly head: Position
  readonly policy: Policy
  /** Whether somebody has said that what is missing is gone, however much it is. */
  readonly acceptAbsence: boolean
  /** Of machines that seem to be gone, those that may be there all the same, and why. */
  readonly whyUnseen: (nativeKeys: readonly string[]) => Promise<ReadonlyMap<string, string>>
}

export interface Absent {
  readonly decisions: readonly Decision[]
  /** Machines of which nothing was concluded, as too many were missing. */
  readonly held: number
  /** The look's, with the machines that may be there though they were not found. */
  readonly coverage: Coverage
}

interface Missing {
  readonly record: RecordRow
  readonly document: JsonObject
}

const facetsDecidedUpon = ["lifecycle", "identity", "config", "state", "flapping"]

export async function decideAbsent(look: Look, known: readonly RecordRow[], ports: AbsencePorts): Promise<Absent> {
  const { inventory, head, policy } = ports
  const seen = new Set(look.observations.map(({ kind, nativeKey }) => `${kind} ${nativeKey}`))
  const missing: Missing[] = []
  const retired = new Set<RecordId>()
  let targets = 0
  for (const record of known) {
    const isSeen = seen.has(`${record.kind} ${record.nativeKey}`)
    const document = isSeen ? {} : await inventory.document(record.no, head, facetsDecidedUpon)
    if (document["lifecycle"] === "retired") {
      retired.add(record.id)
      continue
    }
    if (record.kind === "target") targets += 1
    if (!isSeen) missing.push({ record, document })
  }
  const coverage = await withUnseen(look, missing, known, ports)
  const reach = new Reach({ ...look, coverage }, known)
  const gone = missing.filter((candidate) => reach.isGone(candidate))
  const machines = gone.filter(({ record }) => record.kind === "target").length
  const { atLeast, share } = policy.massAbsence
  const holds = !ports.acceptAbsence && machines >= atLeast && machines > share * targets
  const concluded = holds ? gone.filter(({ record }) => record.kind !== "target") : gone
  const decisions = await decided(concluded, look, ports)
  for (const { again, events } of decisions)
    if (again !== undefined && events.some(({ type }) => type === "TargetRetired")) retired.add(again.record.id)
  // What was on a machine that is gone is gone, though nobody could look there.
  const isDecided = new Set(concluded.map(({ record }) => record.id))
  const left = missing.filter(
    ({ record }) => record.kind !== "target" && retired.has(record.targetId) && !isDecided.has(record.id),
  )
  const withIt = left.map(({ record }) => ({ ...whoseOf(record), events: [decideLeft(record.kind)] }))
  const told = holds ? { ...coverage, held: machines } : coverage
  return { decisions: [...decisions, ...withIt], held: holds ? machines : 0, coverage: told }
}

async function withUnseen(
  look: Look,
  missing: readonly Missing[],
  known: readonly RecordRow[],
  { whyUnseen }: AbsencePorts,
): Promise<Coverage> {
  const reach = new Reach(look, known)
  const machines = missing.filter((candidate) => candidate.record.kind === "target" && reach.isGone(candidate))
  if (machines.length === 0) return look.coverage
  const unseen = await whyUnseen(machines.map(({ record }) => record.nativeKey))
  const failed = [...unseen].map(([target, message]) => ({ target, code: "SourceUnavailable", message }))
  if (failed.length === 0) return look.coverage
  return { ...look.coverage, failed: inOrder([...(look.coverage.failed ?? []), ...failed]) }
}

/** Machines first: they are told first. */
async function decided(
  gone: readonly Missing[],
  { observedAt, stated }: Look,
  { absences, stateChanges, policy }: AbsencePorts,
): Promise<Decision[]> {
  const decisions: Decision[] = []
  for (const { record, document } of gone.toSorted(
    (a, b) => Number(b.record.kind === "target") - Number(a.record.kind === "target"),
  )) {
    const { kind, id } = record
    const looks = stated === true ? policy.retireAfterLooks : await absences.missed(id)
    const turns = kind === "service" ? await turnsMissed(document, id, observedAt, stateChanges, policy) : []
    const decide = (known: JsonObject) => [...turns, ...decideMissing(turns.reduce(evolve, known), kind, looks, policy)]
    const events = decide(document)
    const again = kind === "target" ? { record, decide } : undefined
    if (events.length > 0) decisions.push({ ...whoseOf(record), events, ...(again && { again }) })
  }
  return decisions
}

/** How far a look reached. */
class Reach {
  readonly #isComplete: ReturnType<typeof reachOf>
  readonly #targets: ReadonlyMap<string, Observation>
  readonly #nativeKeys: ReadonlyMap<RecordId, string>

  constructor(look: Look, known: readonly RecordRow[]) {
    this.#isComplete = reachOf(look.coverage)
    this.#targets = new Map(
      look.observations.filter(({ kind }) => kind === "target").map((target) => [target.nativeKey, target]),
    )
    this.#nativeKeys = new Map(known.map(({ id, nativeKey }) => [id, nativeKey]))
  }

  isGone({ record, document }: Missing): boolean {
    const on = this.#nativeKeys.get(record.targetId)
    if (record.kind === "service" && refutes(this.#targets.get(on ?? ""), document as unknown as ServiceDocument))
      return true
    return this.#isComplete(record.kind, on)
  }
}
