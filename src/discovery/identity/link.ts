/**
 * Linking what a look saw: for each machine whose evidence is new or another than before, the records that share some of it are judged, and what is the same
 * becomes one machine, by events that can be undone. What is doubtful is put up for review, once.
 */
import type { FleetEvent, NewEvent } from "#events/catalog.js"
import type { Clock } from "#kernel/clock.js"
import { inBatches } from "#kernel/batches.js"
import { FleetError } from "#kernel/errors.js"
import type { RecordId, RunId, StreamName } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { revisionDecidedUpon } from "#ledger/decided-upon.js"
import type { Ledger } from "#ledger/port.js"
import type { EvidenceIndex } from "#ops/evidence.js"
import type { ViewsReader } from "#projections/views.js"
import { evidenceOf, keysOf, weakKeysOf } from "./evidence.js"
import { linksOf } from "./group.js"
import { type Judgement, reasonText } from "./judge.js"
import { Known } from "./known.js"

export interface LinkPorts {
  readonly ledger: Ledger
  readonly views: ViewsReader
  readonly reached: (position: Position) => Promise<void>
  readonly evidence: EvidenceIndex
  readonly clock: Clock
  readonly tellsApart: (source: string) => boolean
}

const identityStream = "identity" as StreamName
/** What so many share (a name in an image, an address of a test net) says nothing of any of them. */
const mostSharing = 20
const facets = ["identity", "hardware", "network", "guest", "access"]

export interface Linked {
  /** Of the last link, if any was made. */
  readonly position: Position | undefined
  /** Records that are as they ought to be: others are judged at the next look. */
  readonly judged: ReadonlySet<RecordId>
}

/** Records that are judged before others get their turn. */
const atATime = 200

/** @param records that the run saw, all of them targets; those whose evidence is what it was cost a look-up */
export async function linkRecords(
  records: readonly RecordId[],
  source: string,
  runId: RunId,
  at: Position,
  ports: LinkPorts,
): Promise<Linked> {
  const { views, evidence } = ports
  const judged = new Set<RecordId>()
  let last: Position | undefined
  for await (const some of inBatches(records, atATime)) {
    for (const id of some) {
      const row = await views.inventory.record(id)
      if (row === undefined) continue
      const own = evidenceOf(await views.inventory.document(row.no, last ?? at, facets))
      const [strong, weak] = [keysOf(own), weakKeysOf(own)]
      if (!(await evidence.isKnown(id, [...strong, ...weak]))) {
        const sharing = [...(await evidence.sharing(id, strong)), ...(await sharingFew(evidence, id, weak))]
        try {
          last = (await linkOne(id, sharing, source, runId, last ?? at, ports)) ?? last
        } catch (error) {
          // Somebody else linked meanwhile: what was not remembered is judged again at the next look.
          if (error instanceof FleetError && error.code === "RevisionConflict") return { position: last, judged }
          throw error
        }
        await evidence.put(id, [...strong, ...weak])
      }
      judged.add(id)
    }
  }
  return { position: last, judged }
}

async function sharingFew(
  evidence: EvidenceIndex,
  id: RecordId,
  keys: readonly string[],
): Promise<readonly RecordId[]> {
  const found: RecordId[] = []
  for (const key of keys) {
    const sharing = await evidence.sharing(id, [key])
    if (sharing.length <= mostSharing) found.push(...sharing)
  }
  return found
}

async function linkOne(
  id: RecordId,
  sharing: readonly RecordId[],
  source: string,
  runId: RunId,
  at: Position,
  { ledger, views, reached, clock, tellsApart }: LinkPorts,
): Promise<Position | undefined> {
  if (sharing.length === 0) return undefined
  const known = await Known.of([id, ...sharing], views, at, tellsApart)
  const { link, review } = linksOf(id, known.targets, known)
  const events: FleetEvent[] = []
  for (const other of review) {
    const judgement = known.judged(id, other)
    if (judgement === undefined || (await views.identity.isDoubted([id, other], at))) continue
    events.push({
      type: "RecordsDoubted",
      data: { records: [id, other], score: judgement.score, reasons: reasonsOf(judgement) },
    })
  }
  events.push(...linking(id, link, known))
  if (events.length === 0) return undefined
  const metadata = { actor: "discovery", source, runId }
  const stamped = events.map((event): NewEvent => ({ ...event, metadata, observedAt: clock.now() }))
  const revision = await revisionDecidedUpon(ledger, identityStream, at)
  const { position } = await ledger.append(identityStream, revision, stamped, `${runId} ${id}`)
  await reached(position)
  return position
}

/** The record's own machine and those that it is the same as, as one. */
function linking(id: RecordId, link: readonly RecordId[], known: Known): FleetEvent[] {
  if (link.length === 0) return []
  const own = [...known.targets].find(([, members]) => members.includes(id))?.[0] ?? id
  const [target, ...others] = known.merging([own, ...link]) ?? [own]
  return others.flatMap((other) =>
    (known.targets.get(other) ?? []).flatMap((record): FleetEvent[] => {
      const judgement = strongest(record, known.targets.get(target) ?? [], known) ?? strongest(id, link, known)
      const why = { score: judgement?.score ?? 0.5, reasons: judgement === undefined ? [] : reasonsOf(judgement) }
      const linked: FleetEvent = { type: "RecordsLinked", data: { record, target, ...why } }
      if (record === other) return [linked]
      return [
        { type: "RecordsUnlinked", data: { record, target: other, reasons: ["its machine is part of another"] } },
        linked,
      ]
    }),
  )
}

function strongest(record: RecordId, others: readonly RecordId[], known: Known): Judgement | undefined {
  return others.flatMap((other) => known.judged(record, other) ?? []).toSorted((a, b) => b.score - a.score)[0]
}

function reasonsOf({ reasons }: Judgement): string[] {
  return reasons.map(reasonText)
}
