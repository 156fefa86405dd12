/**
 * Pages of history as positions; the events are read from the ledger. A page costs what it holds and what it walks over, which is bounded: what is rare is looked for
 * only in blocks that have it, and where that does not help a page ends early and says how far it came.
 */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { blockLength, blockOf } from "../blocks.js"
import { densityReader } from "./density.js"
import { type HistoryFilter, blockFinder, conditionsOf, inBlock, valuesOf } from "./filter.js"
import { gapReader } from "./gaps.js"

/** An end of a range of time: changes of which it is known when they occurred are in it by that, others by when they were recorded. */
export interface TimeBound {
  readonly position: Position
  /** ms since the epoch. */
  readonly time: number
}

export interface HistoryPage {
  /** The last position that there is. */
  readonly at: Position
  /** Exclusive. */
  readonly since?: TimeBound
  /** Inclusive. */
  readonly until?: TimeBound
  readonly newestFirst: boolean
  /** Exclusive: how far the page before came. */
  readonly after?: Position
  readonly limit: number
  readonly filter: HistoryFilter
  /** Of these records; a target's includes what runs on it. */
  readonly recordNos?: readonly number[]
  /** Of these records, only what changed in themselves. */
  readonly own?: boolean
}

export interface PageOfPositions {
  readonly positions: readonly Position[]
  /** How far it came, if there may be more. */
  readonly next: Position | null
}

/** Most that one page walks over: blocks of the fleet's history, or changes of entities. */
export interface Walk {
  readonly blocks: number
  readonly changes: number
}
const usualWalk: Walk = { blocks: 16, changes: 20_000 }

interface Span {
  readonly low: number
  readonly high: number
}

export type HistoryReader = ReturnType<typeof historyReader>

export function historyReader(db: Db, most: Walk = usualWalk) {
  const find = blockFinder(db)
  const occurredIn = db
    .prepare<[number, number, number], number>(
      "SELECT block FROM occurred_blocks WHERE block <= ? AND last > ? AND first <= ? ORDER BY block",
    )
    .pluck()
  const prepare = (sql: string) => db.prepare<Record<string, unknown>, Position>(sql).pluck()
  const prepared = new Map<string, ReturnType<typeof prepare>>()
  const statement = (sql: string) => {
    const known = prepared.get(sql) ?? prepare(sql)
    prepared.set(sql, known)
    return known
  }

  /** Where such changes can be, in the order of the page. */
  const spansOf = (page: HistoryPage): Span[] => {
    const { since, until, at, filter } = page
    const low = (since?.position ?? -1) + 1
    const high = Math.min(until?.position ?? at, at)
    const blocks = find(filter, 0, blockOf(at))
    const ranged = since !== undefined || until !== undefined
    const occurred = ranged
      ? occurredIn.all(blockOf(at), since?.time ?? -Infinity, until?.time ?? Number.MAX_SAFE_INTEGER)
      : []
    const has = blocks && new Set(blocks)
    const whole = occurred.filter((block) => has?.has(block) ?? true)
    const others = blocks === undefined ? (low <= high ? [{ low, high }] : []) : blocks.map(spanOf)
    const spans = [...whole.map(spanOf), ...others.flatMap((span) => without(clipped(span, low, high), new Set(whole)))]
    return inOrder(
      spans.flatMap((span) => clipped(span, ...allowed(page)) ?? []),
      page.newestFirst,
    )
  }

  const ofFleet = (page: HistoryPage): PageOfPositions => {
    const near = page.filter.field === undefined ? "" : `AND ${inBlock.field}`
    const sql = `SELECT c.position FROM changes c ${joinOf(page)} WHERE c.position BETWEEN $low AND $high ${near} ${whereOf(page)}
      ORDER BY c.position ${page.newestFirst ? "DESC" : "ASC"} LIMIT $limit`
    const positions: Position[] = []
    let walked = 0
    for (const { low, high } of spansOf(page)) {
      if (walked >= most.blocks) return { positions, next: (page.newestFirst ? high + 1 : low - 1) as Position }
      const limit = page.limit + 1 - positions.length
      positions.push(...statement(sql).all({ ...valuesOfPage(page), low, high, limit }))
      if (positions.length > page.limit) return full(positions, page.limit)
      walked += 1
    }
    return { positions, next: null }
  }

  const ofRecords = (page: HistoryPage, recordNos: readonly number[]): PageOfPositions => {
    const { newestFirst, limit } = page
    const spans = spansOf(page)
    const low = Math.min(...spans.map((span) => span.low))
    const high = Math.max(...spans.map((span) => span.high))
    const direction = newestFirst ? "DESC" : "ASC"
    const walked = `SELECT position FROM changes_of WHERE record_no = $no AND position BETWEEN $low AND $high
      ORDER BY position ${direction}`
    const where = whereOf(page)
    const sql = `SELECT c.position FROM (${walked} LIMIT $walk) w JOIN changes c USING (position) ${joinOf(page)}
      WHERE true ${where} ORDER BY w.position ${direction} LIMIT $limit`
    const walk = where === "" ? limit + 1 : Math.max(limit + 1, Math.ceil(most.changes / recordNos.length))
    const found: Position[] = []
    /** How far every record was walked. */
    let end: Position | undefined
    for (const no of spans.length === 0 ? [] : recordNos) {
      const positions = statement(sql).all({ ...valuesOfPage(page), no, low, high, walk, limit: limit + 1 })
      found.push(...positions)
      if (positions.length > limit) continue
      const stopped = statement(`${walked} LIMIT 1 OFFSET $walk - 1`).get({ no, low, high, walk })
      if (stopped !== undefined && (end === undefined || isBefore(stopped, end, newestFirst))) end = stopped
    }
    const reached = found.filter((position) => end === undefined || !isBefore(end, position, newestFirst))
    const sorted = reached.sort((a, b) => (newestFirst ? b - a : a - b))
    return sorted.length > limit ? full(sorted, limit) : { positions: sorted, next: end ?? null }
  }

  return {
    /** Positions of changes, in the order asked for. */
    page: async (page: HistoryPage): Promise<PageOfPositions> =>
      page.recordNos === undefined ? ofFleet(page) : ofRecords(page, page.recordNos),

    density: densityReader(db),

    /** When looks were incomplete. */
    gaps: gapReader(db),
  }
}

/** Whether a page comes to `a` before it comes to `b`. */
function isBefore(a: Position, b: Position, newestFirst: boolean): boolean {
  return newestFirst ? a > b : a < b
}

function full(positions: readonly Position[], limit: number): PageOfPositions {
  const shown = positions.slice(0, limit)
  return { positions: shown, next: shown.at(-1) as Position }
}

/** What can be on a page at all: behind the one before, and there. */
function allowed({ newestFirst, after, at }: HistoryPage): [number, number] {
  if (newestFirst) return [0, Math.min(at, (after ?? at + 1) - 1)]
  return [(after ?? -1) + 1, at]
}

function spanOf(block: number): Span {
  return { low: block * blockLength, high: (block + 1) * blockLength - 1 }
}

function clipped(span: Span, low: number, high: number): Span | undefined {
  const both = { low: Math.max(span.low, low), high: Math.min(span.high, high) }
  return both.low <= both.high ? both : undefined
}

/** The parts of a span that are in none of these blocks. */
function without(span: Span | undefined, blocks: ReadonlySet<number>): Span[] {
  if (span === undefined) return []
  const parts: Span[] = []
  let { low } = span
  for (const { low: begin, high: end } of [...blocks].map(spanOf).filter(({ high }) => high >= span.low)) {
    if (begin > span.high) break
    if (low < begin) parts.push({ low, high: begin - 1 })
    low = end + 1
  }
  return low <= span.high ? [...parts, { low, high: span.high }] : parts
}

function inOrder(spans: readonly Span[], newestFirst: boolean): Span[] {
  return spans.toSorted((a, b) => (newestFirst ? b.low - a.low : a.low - b.low))
}

function joinOf({ filter: { field: _, ...ofMarks } }: HistoryPage): string {
  return Object.values(ofMarks).some((value) => value !== undefined) ? "JOIN marks m ON m.no = c.mark_no" : ""
}

function whereOf({ since, until, own, filter }: HistoryPage): string {
  const wanted = conditionsOf(filter)
  if (since !== undefined)
    wanted.push("iif(c.occurred_at IS NULL, c.position > $sincePosition, c.occurred_at > $sinceTime)")
  if (until !== undefined)
    wanted.push("iif(c.occurred_at IS NULL, c.position <= $untilPosition, c.occurred_at <= $untilTime)")
  if (own === true) wanted.push("c.record_no = $no")
  return wanted.map((condition) => `AND ${condition}`).join(" ")
}

function valuesOfPage({ since, until, filter }: HistoryPage): Record<string, unknown> {
  return {
    ...valuesOf(filter),
    ...(since && { sincePosition: since.position, sinceTime: since.time }),
    ...(until && { untilPosition: until.position, untilTime: until.time }),
  }
}
