/**
 * What a report is: one plain structure, which every format is made of and no format adds to. Texts in it that come from the fleet are as they are known: each format makes them
 * harmless in its own way.
 */
import type { Kind } from "#projections/inventory/read.js"
import type { Point } from "#kernel/point.js"
import type { EntityRef } from "#timeline/entity.js"

export interface Report {
  readonly report: string
  readonly title: string
  readonly at: Point
  /** The beginning of the period that it is about; null for one that is about a point alone. */
  readonly since: Point | null
  readonly sections: readonly Section[]
}

export interface Section {
  readonly title: string
  /** What it is, or what has to be known of it. */
  readonly text: string | null
  readonly figures: readonly Figure[]
  readonly chart: Chart | null
  readonly table: Table | null
  /** What `search` finds them all by, where the table is of what a query finds. */
  readonly query: { readonly kind: Kind; readonly q: string } | null
}

export interface Figure {
  readonly label: string
  readonly value: string | number | null
}

/** Null: not known. An entity is shown by its name. */
export type Cell = string | number | null | EntityRef

export interface Table {
  readonly columns: readonly string[]
  /** By the names of the columns; the worst, or the first, of `total`. */
  readonly rows: readonly Readonly<Record<string, Cell>>[]
  /** How many there are: the rest is only counted. */
  readonly total: number
}

/** What a part of a chart stands for. */
export type Tone = "good" | "warning" | "critical" | "unknown" | "plain"

export interface Part {
  readonly label: string
  readonly value: number
  readonly tone: Tone
}

export type Chart =
  /** How many there are of what. */
  | { readonly is: "bars"; readonly parts: readonly Part[] }
  /** How many there were of what in each of so many equal parts of a period. */
  | { readonly is: "columns"; readonly columns: readonly { readonly from: string; readonly parts: readonly Part[] }[] }
  /** A value from 0 to 1 at so many moments. */
  | { readonly is: "line"; readonly moments: readonly { readonly at: string; readonly value: number | null }[] }

/** @param parts what it has; the rest is empty */
export function section(title: string, parts: Partial<Omit<Section, "title">> = {}): Section {
  return { title, text: null, figures: [], chart: null, table: null, query: null, ...parts }
}

export function figures(values: Readonly<Record<string, Figure["value"]>>): readonly Figure[] {
  return Object.entries(values).map(([label, value]) => ({ label, value }))
}

/** Most first, as they come where they are as many. */
export function bars(
  counts: Iterable<readonly [label: string, value: number]>,
  tone: Tone | ((label: string) => Tone),
): Chart {
  const parts = [...counts].map(([label, value]) => ({
    label,
    value,
    tone: typeof tone === "string" ? tone : tone(label),
  }))
  return { is: "bars", parts }
}

/** A table of what there is, the first ones of it shown. */
export function tableOf<T>(
  columns: readonly string[],
  all: readonly T[],
  most: number,
  row: (item: T) => Table["rows"][number],
): Table {
  return { columns, rows: all.slice(0, most).map(row), total: all.length }
}
