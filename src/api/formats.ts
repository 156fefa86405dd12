/** Lists in the format that the asker accepts, with the fields that they want: JSON as it is, lines of JSON, or CSV. */
import type { FastifyReply, FastifyRequest } from "fastify"
import { FleetError } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import type { Point } from "#kernel/point.js"
import type { Query } from "#operations/define.js"
import { columnsOf } from "#operations/columns.js"
import { chosen, csvOf, ndjsonOf, pick } from "#operations/list-formats.js"

export const listFormats = ["application/json", "application/x-ndjson", "text/csv"] as const
/** Of a choice of fields. */
const longest = 2_000

type Format = (typeof listFormats)[number]

export interface Wanted {
  readonly format: Format
  /** All, where nobody chose. */
  readonly columns: readonly string[] | undefined
}

/** @throws FleetError `InvalidInput` for a field that no item has */
export function wantedOf(operation: Query, request: FastifyRequest, fields: unknown): Wanted {
  const columns = columnsOf(operation)
  if (fields !== undefined && (typeof fields !== "string" || fields.length > longest))
    throw new FleetError("InvalidInput", `"fields" is wrong: names separated by commas, ${longest} characters at most`)
  return {
    format: columns.length === 0 ? "application/json" : accepted(request.headers.accept),
    columns: fields === undefined ? undefined : chosen(columns, fields),
  }
}

/** What is named with the greatest weight (RFC 9110, 12.5.1), of equal ones the first; JSON for whoever asks for none of them. */
function accepted(accept: string | undefined): Format {
  const ranges = (accept ?? "").split(",").map((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase())
    const weight = Number(/^q=([\d.]{1,5})$/.exec(parameters.find((one) => one.startsWith("q=")) ?? "")?.[1] ?? 1)
    return { type, weight }
  })
  const [best] = ranges
    .filter(({ type, weight }) => weight > 0 && (isFormat(type) || type === "*/*" || type === "application/*"))
    .toSorted((a, b) => b.weight - a.weight)
  return best !== undefined && isFormat(best.type) ? best.type : "application/json"
}

function isFormat(type: string): type is Format {
  return listFormats.some((format) => format === type)
}

interface List {
  readonly at: Point
  readonly items: readonly JsonObject[]
  readonly next?: string | null
}

/** @returns the body; what has no place in it stands in the head */
export function formatted(answer: object, operation: Query, wanted: Wanted, reply: FastifyReply): object | string {
  const { format, columns } = wanted
  if (format === "application/json" && columns === undefined) return answer
  const list = answer as List
  const items = columns === undefined ? list.items : list.items.map((item) => pick(item, columns))
  if (format === "application/json") return { ...list, items }
  reply.headers({
    "content-type": `${format}; charset=utf-8`,
    "fleet-ledger-position": list.at.position,
    "fleet-ledger-time": list.at.time,
    ...(list.next ? { "fleet-ledger-next": list.next } : {}),
  })
  return format === "text/csv" ? csvOf(list.items, columns ?? columnsOf(operation)) : ndjsonOf(items)
}
