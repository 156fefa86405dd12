/**
 * From judgements of pairs to machines: with which targets a record becomes one, and which records somebody has to look at beside it.
 *
 * A person's word is above evidence, and "different" anywhere between two targets is above "same": a chain of resemblances never joins what is told
 * apart. Targets that contradict each other are not chosen between. So who arrives first does not matter where nothing is contradictory
 * (tests/property/identity.test.ts).
 */
import type { RecordId } from "#kernel/ids.js"
import type { Judgement } from "./judge.js"

/** Every target that has a record in question, by its id, with all its records. */
export type Targets = ReadonlyMap<RecordId, readonly RecordId[]>

/** What is known of pairs of records; symmetric. */
export interface Pairs {
  /** Undefined for two records that have nothing in common. */
  readonly judged: (a: RecordId, b: RecordId) => Judgement | undefined
  /** What a person said of them last. */
  readonly byHand: (a: RecordId, b: RecordId) => "linked" | "separated" | undefined
}

export interface Linking {
  /** Targets that become one with the record's own. */
  readonly link: readonly RecordId[]
  /** Records to be looked at beside it: doubtful, or the same and yet contradicted, or of its own target and now different. */
  readonly review: readonly RecordId[]
}

interface Target {
  readonly id: RecordId
  readonly records: readonly RecordId[]
}

/** @param record in one of the targets, alone if it is new */
export function linksOf(record: RecordId, targets: Targets, pairs: Pairs): Linking {
  const all: Target[] = [...targets].map(([id, records]) => ({ id, records }))
  const own = all.find(({ records }) => records.includes(record))?.records ?? [record]
  const others = all.filter(({ records }) => !records.includes(record))
  const says = (what: Judgement["verdict"]) => (other: RecordId) => pairs.judged(record, other)?.verdict === what

  const fits = (target: Target, group: readonly RecordId[]) => areCompatible(pairs, target.records, group)

  const open = others.filter((target) => fits(target, own))
  const handed = open.filter(({ records }) => hands(pairs, own, records).has("linked"))
  const wanted = open.filter((target) => handed.includes(target) || target.records.some(says("same")))
  const link = wanted.filter((target) => {
    const rivals = handed.includes(target) ? handed : wanted
    return rivals.every((rival) => rival === target || fits(target, rival.records))
  })

  const left = others.filter((target) => !link.includes(target))
  const contradicted = left.flatMap(({ records }) => records.filter(says("same")))
  const doubtful = left
    .filter((target) => fits(target, own))
    .flatMap(({ records }) => records.filter((other) => isWorthReview(pairs.judged(record, other))))
  const estranged = hands(pairs, [record], own).has("linked") ? [] : own.filter(says("different"))
  const review = [...new Set([...contradicted, ...doubtful, ...estranged])]
    .filter((other) => pairs.byHand(record, other) === undefined)
    .sort()
  return { link: link.map(({ id }) => id).sort(), review }
}

function isWorthReview(judgement: Judgement | undefined): boolean {
  return judgement?.verdict === "doubtful" && judgement.reasons.some(({ side }) => side === "for")
}

/** A person who separates one pair separates the targets; one who links a pair overrides what evidence says between them. */
function areCompatible(pairs: Pairs, a: readonly RecordId[], b: readonly RecordId[]): boolean {
  const said = hands(pairs, a, b)
  if (said.has("separated")) return false
  return said.has("linked") || !a.some((one) => b.some((other) => pairs.judged(one, other)?.verdict === "different"))
}

function hands({ byHand }: Pairs, a: readonly RecordId[], b: readonly RecordId[]): Set<"linked" | "separated"> {
  const said = a.flatMap((one) => b.map((other) => byHand(one, other)))
  return new Set(said.filter((word) => word !== undefined))
}
