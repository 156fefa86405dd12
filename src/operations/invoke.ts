/** How every door calls an operation: the same checks, the same point, the same errors. */
import type * as z from "zod"
import type { Fleet } from "#fleet.js"
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import type { Point } from "#kernel/point.js"
import { inSpan } from "#kernel/span.js"
import { allows } from "#ops/tokens.js"
import type { AskedAt } from "#timeline/period.js"
import { resolvePoint } from "#timeline/resolve.js"
import { account } from "./accounted.js"
import { decodeCursor, wrongCursor } from "./cursor.js"
import type { Act, Call, Items, Operation, Query, Stream, Text, TextAnswer } from "./define.js"

/** @param input as it came in: values may still be text @throws FleetError `InvalidInput`, `Forbidden`, whatever the operation throws */
export async function invoke(
  operation: Query | Act,
  call: Call,
  input: Readonly<Record<string, unknown>>,
): Promise<object> {
  if (operation.kind === "query") return (await asked(operation, call, input)).answer()
  return spanned(operation, call, async () => {
    const admitted = admit(operation, call, input)
    const answer = await operation.run(call, admitted)
    await account(operation, call, admitted)
    return answer
  })
}

function spanned<T>({ name }: Operation, { principal }: Call, work: () => Promise<T>): Promise<T> {
  return inSpan(name, { "fleet_ledger.principal": principal.name }, work)
}

/** A query that was understood and has its point, and is answered when it is called for. */
export interface Asked {
  readonly point: Point
  readonly input: Readonly<Record<string, unknown>>
  answer(): Promise<object>
}

/** @throws FleetError as `invoke` */
export async function asked(operation: Query, call: Call, given: Readonly<Record<string, unknown>>): Promise<Asked> {
  const input = admit(operation, call, given)
  const { point, isNow } = await pointOf(call, input)
  return {
    point,
    input,
    answer: () =>
      spanned(operation, call, async () => {
        if (operation.withoutViews === undefined) await call.fleet.reached(point.position)
        return { at: point, ...(await operation.run({ ...call, point, isNow }, input)) }
      }),
  }
}

/** @returns the answer, with the point that it is at */
export async function read(
  operation: Text,
  call: Call,
  input: Readonly<Record<string, unknown>>,
): Promise<TextAnswer & { readonly point: Point }> {
  const parsed = admit(operation, call, input)
  const { point, isNow } = await pointOf(call, parsed)
  return spanned(operation, call, async () => {
    await call.fleet.reached(point.position)
    const answer = await operation.run({ ...call, point, isNow }, parsed)
    await account(operation, call, parsed)
    return { point, ...answer }
  })
}

/** @throws FleetError as `invoke` */
export async function follow(operation: Stream, call: Call, input: Readonly<Record<string, unknown>>): Promise<Items> {
  const admitted = admit(operation, call, input)
  const items = await operation.run(call, admitted)
  // Accounted for once it is there to be handed out.
  await account(operation, call, admitted)
  return items
}

/** The input, checked. */
export function admit(
  operation: Operation,
  call: Pick<Call, "principal">,
  input: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (!allows(call.principal.scope, operation.scope)) {
    throw new FleetError(
      "Forbidden",
      `"${operation.name}" needs the scope "${operation.scope}"; ${call.principal.name} has "${call.principal.scope}"`,
    )
  }
  const result = strictInput(operation).safeParse(input)
  if (result.success) return result.data
  throw invalidInput(operation, result.error, input)
}

/** Made once: making one takes longer than most checks do. */
function strictInput(operation: Operation): z.ZodObject {
  const known = strictInputs.get(operation)
  if (known !== undefined) return known
  const made = operation.input.strict()
  strictInputs.set(operation, made)
  return made
}
const strictInputs = new WeakMap<Operation, z.ZodObject>()

function invalidInput(operation: Operation, error: z.ZodError, input: Readonly<Record<string, unknown>>): FleetError {
  const [issue] = error.issues
  if (issue?.code === "unrecognized_keys") {
    const [key = ""] = issue.keys
    const known = Object.keys(operation.input.shape)
    const near = nearest(key, known)
    const hint = near === undefined ? `it takes ${known.join(", ") || "nothing"}` : `did you mean "${near}"?`
    return new FleetError("InvalidInput", `"${operation.name}" takes no "${key.slice(0, 80)}"; ${hint}`)
  }
  const where = issue?.path.join(".") ?? ""
  const given = input[where]
  if (issue?.code === "invalid_type" && given === undefined && issue.path.length === 1) {
    const what = operation.input.shape[where]?.description
    return new FleetError(
      "InvalidInput",
      `"${operation.name}" needs "${where}"${what === undefined ? "" : `: ${what}`}`,
    )
  }
  if (issue?.code === "invalid_value" && typeof given === "string") {
    const values = issue.values.map(String)
    const near = nearest(given, values)
    const hint = near === undefined ? "it" : `did you mean "${near}"? It`
    return new FleetError(
      "InvalidInput",
      `"${where}" cannot be "${given.slice(0, 80)}"; ${hint} is one of ${values.join(", ")}`,
      {
        details: { input: where },
      },
    )
  }
  return new FleetError("InvalidInput", `"${where}" is wrong: ${issue?.message ?? "not what is allowed"}`, {
    details: { input: where },
  })
}

/** A cursor stays at the point of the page that gave it. */
async function pointOf(
  { fleet, pointAt = (at) => resolvePoint(fleet, at) }: Call,
  input: Readonly<Record<string, unknown>>,
): Promise<AskedAt> {
  const { at, cursor } = input
  if (typeof cursor === "string") {
    const { point } = decodeCursor(cursor)
    // Before a backup was restored there was more.
    if (point.position > (await fleet.ledger.head()).position) throw wrongCursor()
    return { point, isNow: false }
  }
  if (typeof at === "string") return { point: await pointAt(at), isNow: at.trim().toLowerCase() === "now" }
  return { point: await pointAt(undefined), isNow: true }
}

/** Each moment, in its words, is one point however often it is asked for: what is asked together is true together. */
export function pointsOf(fleet: Fleet): NonNullable<Call["pointAt"]> {
  const known = new Map<string, Promise<Point>>()
  return (at = "now") => {
    const point = known.get(at) ?? resolvePoint(fleet, at)
    known.set(at, point)
    return point
  }
}
