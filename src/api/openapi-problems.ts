/** How OpenAPI describes what goes wrong: one answer for each status, with the codes that it may have. */
import * as z from "zod"
import { errorCodes } from "#kernel/errors.js"
import { statusOf, titleOf } from "./problem.js"

const codes = [...errorCodes, "Internal"] as const

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(codes),
  detail: z.string().describe("One sentence for a person"),
})

/** What each means; a status that no code stands for is refused before there is an operation. */
const meanings: Readonly<Record<number, string>> = {
  400: "What was sent is wrong",
  401: "Nobody is known by what was shown",
  403: "Not for whoever asks, or not from where it is asked",
  404: "There is no such thing",
  409: "In conflict with what was done, or is being done",
  413: "The body is larger than what is taken",
  414: "A name in the path is longer than any",
  415: "The body is of a type that is not taken",
  429: "Too much was asked for; Retry-After says when to ask again",
  500: "Something broke, or what is stored is damaged or of a newer version",
  503: "Not now; the same may be answered later",
}

const headers: Readonly<Record<number, object>> = {
  401: { "WWW-Authenticate": { schema: { type: "string" } } },
  429: { "Retry-After": { description: "Seconds", schema: { type: "integer", minimum: 0 } } },
}

function codesOf(status: number): readonly string[] {
  const own = errorCodes.filter((code) => statusOf(code) === status)
  if (status === 500) return [...own, "Internal"]
  return own.length > 0 ? own : ["InvalidInput"]
}

const anyProblem = { $ref: "#/components/schemas/Problem" }
const nameOf = (status: number) => titleOf(status).replaceAll(" ", "")

function described(status: number): object {
  const narrowed = { properties: { status: { const: status }, code: { enum: codesOf(status) } } }
  return {
    description: meanings[status],
    ...(headers[status] && { headers: headers[status] }),
    content: { "application/problem+json": { schema: { allOf: [anyProblem, narrowed] } } },
  }
}

/** What `refused` refers to. */
export const problemResponses = {
  ...Object.fromEntries(Object.keys(meanings).map((status) => [nameOf(Number(status)), described(Number(status))])),
  Error: { description: "What else goes wrong", content: { "application/problem+json": { schema: anyProblem } } },
}

export function refused(...statuses: readonly number[]): Readonly<Record<string, { readonly $ref: string }>> {
  const refer = (name: string) => ({ $ref: `#/components/responses/${name}` })
  return {
    ...Object.fromEntries(statuses.map((status) => [String(status), refer(nameOf(status))])),
    default: refer("Error"),
  }
}
