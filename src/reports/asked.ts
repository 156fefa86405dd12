/** What a report is made from: a point, a period that ends there, and where what is known can be read. */
import type { Point } from "#kernel/point.js"
import type { Line } from "#timeline/resolve.js"
import type { Section } from "./report.js"

export interface Asked {
  readonly line: Line
  readonly point: Point
  /** The beginning of the period; null where the report is about a point alone. */
  readonly since: Point | null
  /** Rows of a table: what is worse is shown first, the rest is counted. */
  readonly most: number
  readonly signal: AbortSignal
}

/** Reads what there is and tells it. It has no data and no rules of its own. */
export type Make = (asked: Asked) => Promise<readonly Section[]>
