/** The OpenAPI 3.1 description, made from the operations. */
import * as z from "zod"
import type { JsonObject } from "#kernel/json.js"
import { columnsOf } from "#operations/columns.js"
import { type Operation } from "#operations/define.js"
import { pointShape } from "#operations/shapes.js"
import { version } from "../version.js"
import { batch, batchLine } from "./batch.js"
import { listFormats } from "./formats.js"
import { otherPaths } from "./openapi-others.js"
import { problem, problemResponses, refused } from "./openapi-problems.js"

const job = z.object({
  id: z.uuid(),
  operation: z.string(),
  state: z.enum(["running", "done", "failed", "cancelled"]),
  progress: z.object({ done: z.number(), total: z.number(), what: z.string() }),
  result: z.record(z.string(), z.json()).nullable(),
  problem: problem.nullable(),
})

export function openApi(operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations) {
    const { method, path } = operation.route
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(operation) }
  }
  paths["/api/v1/jobs/{id}"] = {
    get: {
      operationId: "job_show",
      tags: ["jobs"],
      summary: "Show a job; with wait, answer at its next change",
      parameters: [idParameter, { name: "wait", in: "query", schema: { type: "string" } }],
      responses: { "200": answerOf("The job", job), ...ofOneThing },
    },
    delete: {
      operationId: "job_cancel",
      tags: ["jobs"],
      summary: "Cancel a job",
      parameters: [idParameter],
      responses: { "200": answerOf("The job", job), ...ofOneThing },
    },
  }
  paths["/api/v1/batch"] = {
    post: {
      operationId: "batch",
      tags: ["batch"],
      summary: "Ask several questions at once",
      description:
        "A line answers a question, as soon as it can be answered. What is asked of the same moment is asked at one point.",
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(batch, "input") } } },
      responses: {
        "200": answerOf("A line for each question", batchLine, "application/x-ndjson"),
        ...refused(400, 401, 403, 413, 415, 429, 500, 503),
      },
    },
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "fleet-ledger",
      version,
      description: "What is true of the fleet, what was true at any moment, and what changed in between.",
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { session: [] }],
    paths: { ...paths, ...otherPaths },
    components: {
      schemas: { Problem: schemaOf(problem, "output") },
      responses: problemResponses,
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "fleet_ledger_session" },
      },
    },
  }
}

const idParameter = { name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } }

function describe(operation: Operation): object {
  const schema = schemaOf(operation.input, "input")
  const properties = (schema["properties"] ?? {}) as Record<string, JsonObject>
  const required = (schema["required"] ?? []) as string[]
  const inPath = new Set([...operation.route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
  const taken = "body" in operation ? operation.body : undefined
  const inBody = operation.route.method === "POST" && taken === undefined
  const parameters = Object.entries(properties)
    .filter(([name]) => !inBody || inPath.has(name))
    .map(([name, { description, ...property }]) => ({
      name,
      in: inPath.has(name) ? "path" : "query",
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: property,
    }))
  const hasBody = inBody && Object.keys(properties).length > 0
  const requestBody = { required: required.length > 0, content: { "application/json": { schema } } }
  return {
    operationId: operation.name.replaceAll(" ", "_"),
    tags: [groupOf(operation.route.path)],
    summary: operation.summary,
    description: `Scope: ${operation.scope}.`,
    "x-scope": operation.scope,
    parameters: [
      ...parameters,
      ...(isListed(operation) ? [fieldsParameter] : []),
      ...(isRepeatable(operation) ? [idempotencyKey] : []),
      ...(isOfPoint(operation) ? [ifNoneMatch] : []),
    ],
    ...(taken === undefined ? (hasBody ? { requestBody } : {}) : { requestBody: bodyOf(taken) }),
    responses: { ...answersOf(operation), ...refusalsOf(operation, { hasBody, inPath: inPath.size > 0 }) },
  }
}

/** What may stand in the way of any operation. */
const always = [400, 401, 403, 429, 500, 503]
const ofOneThing = refused(...always, 404, 414)

interface Taking {
  readonly hasBody: boolean
  /** Whether its address names something. */
  readonly inPath: boolean
}

/** Make what their address names, if it is not there. */
const making: ReadonlySet<string> = new Set(["pin", "rules adopt", "snapshot create", "query save"])

function refusalsOf(operation: Operation, { hasBody, inPath }: Taking) {
  const { path } = operation.route
  // Of a closed set of names all are there.
  const isOpen = [...path.matchAll(/\{(\w+)\}/g)].some(
    ([, name = ""]) => !(operation.input.shape[name] instanceof z.ZodEnum),
  )
  return refused(
    ...always,
    ...(isOpen && !making.has(operation.name) ? [404] : []),
    ...(inPath ? [414] : []),
    ...(isRepeatable(operation) ? [409] : []),
    ...(hasBody ? [413, 415] : []),
    ...("body" in operation && operation.body !== undefined ? [415] : []),
  )
}

/** What its address begins with. */
function groupOf(path: string): string {
  return path.split("/")[3] ?? path
}

const fieldsParameter = {
  name: "fields",
  in: "query",
  required: false,
  description: "Only these fields of each item, separated by commas: name,entity.kind",
  schema: { type: "string" },
}

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "With the same key the same request is answered as it was the first time, for a day, and done once",
  schema: { type: "string", minLength: 1, maxLength: 255 },
}

const ifNoneMatch = {
  name: "If-None-Match",
  in: "header",
  required: false,
  description: "The ETag of an answer that is known already",
  schema: { type: "string" },
}
const entityTag = { ETag: { schema: { type: "string" } } }

function isOfPoint(operation: Operation): boolean {
  return operation.kind === "query" && operation.ofPoint === true
}

function isRepeatable(operation: Operation): boolean {
  return operation.kind === "command" || (operation.kind === "job" && operation.body === undefined)
}

/** Whether its answer can be had in other formats, too. */
function isListed(operation: Operation): boolean {
  return operation.kind === "query" && columnsOf(operation).length > 0
}

function bodyOf(types: readonly string[]): object {
  return { required: true, content: Object.fromEntries(types.map((type) => [type, {}])) }
}

function answersOf(operation: Operation): object {
  switch (operation.kind) {
    case "query": {
      const answered = answerOf(pointed, operation.output.extend({ at: pointShape }))
      const ok = isListed(operation) ? listed(answered) : answered
      if (!isOfPoint(operation)) return { "200": ok }
      return {
        "200": { ...ok, headers: { ...ok.headers, ...entityTag } },
        "304": { description: "The answer is the known one", headers: entityTag },
      }
    }
    case "command":
      return { "200": answerOf("Done", operation.output) }
    case "job":
      return { "202": answerOf("Started; the job's result is what the operation answers", job) }
    case "stream":
      return {
        "200": answerOf(
          "Items as they come; each id is a position to go on from",
          operation.output,
          "text/event-stream",
        ),
      }
    case "text":
      return {
        "200": {
          description: "The answer, at the point that its head names",
          headers: pointHeaders,
          content: Object.fromEntries(operation.mediaTypes.map((type) => [type, { schema: { type: "string" } }])),
        },
      }
  }
}

const pointed = "The answer, at the point it is true at"

const pointHeaders = {
  "fleet-ledger-position": { description: "Of the point that it is true at", schema: { type: "integer" } },
  "fleet-ledger-time": {
    description: "Of the point that it is true at",
    schema: { type: "string", format: "date-time" },
  },
}
const nextHeader = {
  "fleet-ledger-next": { description: "The cursor of the page after it, if there is one", schema: { type: "string" } },
}

/** Point and cursor stand in the head where the body is only items. */
function listed(answer: Answer): Answer {
  const others = listFormats.filter((type) => type !== "application/json")
  const content = Object.fromEntries(others.map((type) => [type, { schema: { type: "string" } }]))
  return { ...answer, content: { ...answer.content, ...content }, headers: { ...pointHeaders, ...nextHeader } }
}

interface Answer {
  readonly description: string
  readonly content: object
  readonly headers?: object
}

function answerOf(description: string, shape: z.ZodType, mediaType = "application/json"): Answer {
  return { description, content: { [mediaType]: { schema: schemaOf(shape, "output") } } }
}

function schemaOf(shape: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, {
    io,
    target: "draft-2020-12",
    reused: "inline",
    unrepresentable: "any",
  })
  return JSON.parse(JSON.stringify(schema, simpler)) as JsonObject
}

function simpler(key: string, value: unknown): unknown {
  return withNamedMembers(withoutReferences(key, value))
}

const closedRecord = z.looseObject({
  propertyNames: z.looseObject({ enum: z.array(z.string()) }),
  required: z.array(z.string()),
})

/** A record of a closed set of names, all required: as an object with these properties. */
function withNamedMembers(value: unknown): unknown {
  const record = closedRecord.safeParse(value)
  if (!record.success) return value
  const { propertyNames, additionalProperties, ...rest } = record.data
  const properties = Object.fromEntries(propertyNames.enum.map((name) => [name, additionalProperties]))
  return { ...rest, properties, additionalProperties: false }
}

/** Only "any JSON" is defined by itself; a reference into a part of this description would lead nowhere, and `{}` says the same. */
function withoutReferences(key: string, value: unknown): unknown {
  if (key === "$defs") return undefined
  return typeof value === "object" && value !== null && "$ref" in value ? {} : value
}
