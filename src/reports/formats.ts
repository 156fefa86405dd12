/** In which formats a report is given: each is made of the same structure. */
import { csv } from "./csv.js"
import { html } from "./html.js"
import { markdown } from "./markdown.js"
import type { Report } from "./report.js"

interface Format {
  readonly mediaType: string
  readonly write: (report: Report) => Iterable<string>
}

export const formats = {
  md: { mediaType: "text/markdown; charset=utf-8", write: markdown },
  html: { mediaType: "text/html; charset=utf-8", write: html },
  json: { mediaType: "application/json", write: (report) => [`${JSON.stringify(report)}\n`] },
  csv: { mediaType: "text/csv; charset=utf-8", write: csv },
} as const satisfies Readonly<Record<string, Format>>
