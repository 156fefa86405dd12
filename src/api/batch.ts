/**
 * Several questions in one request, each answered in a line of its own as soon as it can be. What is asked at the same moment is asked at one point; each counts as a request of
 * whoever asks.
 */
import { PassThrough } from "node:stream"
import { constants } from "node:zlib"
import type { FastifyInstance, FastifyRequest } from "fastify"
import * as z from "zod"
import type { Fleet } from "#fleet.js"
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import type { Operation, Query } from "#operations/define.js"
import { invoke, pointsOf } from "#operations/invoke.js"
import { mustBeKnown, principalOf } from "./access.js"
import { abortedWith, noProgress } from "./call.js"
import type { CountAnother } from "./limits.js"
import { problemOf } from "./problem.js"

const mostQuestions = 20

export const batch = z.strictObject({
  questions: z
    .array(
      z.strictObject({
        operation: z.string().max(100).describe("Name of a query, as targets or drift"),
        input: z.record(z.string(), z.json()).default({}).describe("What it takes, be it in its path or its query"),
      }),
    )
    .min(1)
    .max(mostQuestions),
})

/** One line of the answer. */
export const batchLine = z.object({
  question: z.int().describe("Which it answers: the first is 0"),
  status: z.int().describe("What it would have been answered with by itself"),
  body: z.record(z.string(), z.json()).describe("The answer, or what was wrong as problem details say it"),
})

type Question = z.output<typeof batch>["questions"][number]
interface Line {
  readonly question: number
  readonly status: number
  readonly body: object
}

/** What is answered is sent, and does not wait for the rest to be compressed with it. */
const atOnce = {
  customTypes: /^application\/x-ndjson$/,
  brotliOptions: { flush: constants.BROTLI_OPERATION_FLUSH },
  zlibOptions: { flush: constants.Z_SYNC_FLUSH },
}

export function addBatch(
  app: FastifyInstance,
  operations: readonly Operation[],
  fleet: Fleet,
  countAnother: CountAnother,
): void {
  const queries = new Map(operations.filter((one) => one.kind === "query").map((one) => [one.name, one]))
  app.post("/api/v1/batch", { compress: atOnce }, async (request, reply) => {
    const principal = mustBeKnown(await principalOf(request.raw, fleet.ops.tokens))
    const questions = questionsIn(request.body)
    // The request itself was counted.
    const refused: (FleetError | undefined)[] = [undefined]
    while (refused.length < questions.length) refused.push(await countAnother(request))
    const call = { fleet, principal, signal: abortedWith(reply), progress: noProgress, pointAt: pointsOf(fleet) }
    const lines = new PassThrough()
    const answer = async ({ operation, input }: Question, question: number): Promise<void> => {
      const line = await lineOf(request, question, async () => {
        if (refused[question] !== undefined) throw refused[question]
        return invoke(queryNamed(operation, queries), call, input)
      })
      lines.write(`${JSON.stringify(line)}\n`)
    }
    void Promise.all(questions.map(answer)).then(() => lines.end())
    return reply.type("application/x-ndjson").header("cache-control", "no-store").send(lines)
  })
}

/** @throws FleetError `InvalidInput` */
function questionsIn(body: unknown): readonly Question[] {
  const { data, error } = batch.safeParse(body ?? {})
  if (data !== undefined) return data.questions
  const [issue] = error.issues
  const where = issue?.path.join(".") || "the body"
  throw new FleetError("InvalidInput", `${where} is wrong: ${issue?.message ?? "not what is allowed"}`)
}

function queryNamed(name: string, queries: ReadonlyMap<string, Query>): Query {
  const query = queries.get(name)
  if (query !== undefined) return query
  const near = nearest(name, [...queries.keys()])
  const hint = near === undefined ? "/openapi.json lists what may be asked" : `did you mean "${near}"?`
  throw new FleetError("InvalidInput", `"${name}" is not a question; ${hint}`)
}

async function lineOf(request: FastifyRequest, question: number, answer: () => Promise<object>): Promise<Line> {
  try {
    return { question, status: 200, body: await answer() }
  } catch (error) {
    const body = problemOf(error)
    if (body.status >= 500) request.log.error({ err: error, question }, "a question failed")
    return { question, status: body.status, body }
  }
}
