/** CSV (RFC 4180) that a spreadsheet may open: no cell begins a formula. */

export type Cell = string | number | boolean | readonly string[] | null | undefined

export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`
}

/** Lists in one cell, their members apart by spaces, as tags and addresses have none. */
function cellOf(value: Cell): string {
  if (value === null || value === undefined) return ""
  const text = typeof value === "object" ? value.join(" ") : String(value)
  return quoted(typeof value === "number" ? text : harmless(text))
}

/** A spreadsheet takes a cell that begins so for a formula, which may send what is in others away. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
