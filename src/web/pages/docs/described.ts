/** What the server says of itself (`/openapi.json`), as forms ask for it: of each operation where it is, what it takes and whether it changes anything. */

export interface Field {
  readonly name: string
  readonly in: "path" | "query" | "header" | "body"
  readonly required: boolean
  readonly description: string
  /** What it may be, where there are only so many. */
  readonly choices: readonly string[]
  /** Whether it is written as it is; what is not is written as JSON. */
  readonly isText: boolean
  /** What it is without being given. */
  readonly otherwise: string
}

export interface Described {
  readonly id: string
  readonly group: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly scope: string
  readonly fields: readonly Field[]
  /** Of what types it takes a file instead of a form. */
  readonly takes: readonly string[]
  /** Whether it goes on for as long as somebody listens. */
  readonly isStream: boolean
  /** What is answered when it went well. */
  readonly answer: unknown
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly "x-scope"?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema?: unknown }>> }>>
}
interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly required?: boolean
  readonly description?: string
  readonly schema: Schema
}
interface Schema {
  readonly type?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

export function describedBy({ paths }: OpenApi): Described[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => described(method.toUpperCase(), path, operation)),
  )
}

function described(method: string, path: string, operation: Operation): Described {
  const { operationId, summary, "x-scope": scope = "read", tags, parameters = [], requestBody, responses } = operation
  const types = Object.keys(requestBody?.content ?? {})
  const body = requestBody?.content["application/json"]?.schema
  const inPath = new Set(parameters.map(({ name }) => name))
  const ofBody = Object.entries(body?.properties ?? {}).filter(([name]) => !inPath.has(name))
  const answer = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1].content ?? {}
  return {
    id: operationId,
    group: tags?.[0] ?? "other",
    method,
    path,
    summary,
    scope,
    fields: [
      ...parameters.map((each) =>
        fieldOf(each.name, each.in, each.required ?? false, { description: each.description ?? "", ...each.schema }),
      ),
      ...ofBody.map(([name, schema]) => fieldOf(name, "body", body?.required?.includes(name) ?? false, schema)),
    ],
    takes: body === undefined ? types : [],
    isStream: "text/event-stream" in answer,
    answer: answer["application/json"]?.schema,
  }
}

function fieldOf(name: string, where: Field["in"], required: boolean, schema: Schema): Field {
  const { type, enum: choices = [], description = "", default: otherwise } = schema
  return {
    name,
    in: where,
    required,
    description,
    choices: type === "boolean" ? ["true", "false"] : choices.map(String),
    isText: where !== "body" || type === "string",
    otherwise: otherwise === undefined ? "" : typeof otherwise === "string" ? otherwise : JSON.stringify(otherwise),
  }
}
