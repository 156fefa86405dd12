/** What a report is made from: a point, and where what is known can be read. */
import type { Point } from "#kernel/point.js"
import type { Line } from "#timeline/resolve.js"

export interface Asked {
  readonly line: Line
  readonly point: Point
  /** Rows of a table: what is worse is shown first, the rest is counted. */
  readonly most: number
  readonly signal: AbortSignal
}

/** With a period that ends at the point. */
export interface AskedOfPeriod extends Asked {
  readonly begin: Point
}
