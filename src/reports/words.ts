/** Words that formats for people share. */
import type { Cell, Report, Table } from "./report.js"

export function shown(value: Cell | undefined): string {
  if (value === null || value === undefined) return "–"
  return typeof value === "object" ? value.name : String(value)
}

export function ofPoint({ at, since }: Pick<Report, "at" | "since">): string {
  const from = since === null ? "" : `From ${since.time} (position ${since.position}). `
  return `${from}As of ${at.time} (position ${at.position}).`
}

/** What a table leaves out. */
export function rest({ rows, total }: Table): string | null {
  const more = total - rows.length
  return more > 0 ? `And ${more} more.` : null
}
