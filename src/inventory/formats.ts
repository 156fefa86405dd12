/** In which formats an inventory is given. */
import type { Point } from "#kernel/point.js"
import { ansible } from "./ansible.js"
import { csv } from "./csv.js"
import type { Asked } from "./entries.js"
import { httpSd } from "./http-sd.js"
import { jsonDocument, jsonLines } from "./json.js"

/** What a format of the whole inventory is made from. */
export interface Making {
  readonly asked: Asked
  readonly point: Point
  /** The filter as it was given. */
  readonly q: string | null
  /** That Prometheus is to scrape. */
  readonly port: number
}

interface Format {
  readonly mediaType: string
  readonly write: (making: Making) => AsyncIterable<string>
}

export const formats = {
  json: { mediaType: "application/json", write: ({ asked, point, q }) => jsonDocument(asked, point, q) },
  ndjson: { mediaType: "application/x-ndjson", write: ({ asked }) => jsonLines(asked) },
  csv: { mediaType: "text/csv; charset=utf-8", write: ({ asked }) => csv(asked) },
  ansible: { mediaType: "application/json", write: ({ asked }) => ansible(asked) },
  http_sd: { mediaType: "application/json", write: ({ asked, port }) => httpSd(asked, port) },
} as const satisfies Record<string, Format>

/** Pieces that are worth being sent: a write costs about as much for one line as for a thousand. */
export async function* joined(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let text = ""
  for await (const piece of pieces) {
    text += piece
    if (text.length < 65_536) continue
    yield text
    text = ""
  }
  if (text !== "") yield text
}
