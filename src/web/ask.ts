/** Asking this server, and nobody else. */
import type * as z from "zod"
import { answerIn, fetched } from "./answers.js"
import { askTogether } from "./together.js"

interface Asks {
  readonly input: z.ZodType
  readonly output: z.ZodType
}

/** One operation as the page asks it: its types are those of the operation's own schemas. */
export interface Asked<T extends Asks> {
  readonly name: string
  readonly method: "GET" | "POST" | "DELETE"
  readonly path: string
  readonly of?: T
}
export type Input<T extends Asks> = z.input<T["input"]>
export interface At {
  readonly position: number
  readonly time: string
}
export type Answer<T extends Asks> = z.output<T["output"]> & { readonly at: At }

export function asks<T extends Asks>(name: string, path: string, method: Asked<T>["method"] = "GET"): Asked<T> {
  return { name, path, method }
}

/** @throws Refused; TypeError when the server cannot be reached; DOMException `AbortError` */
export async function ask<T extends Asks>(
  operation: Asked<T>,
  input: Input<T>,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  const given = input as Record<string, unknown>
  const alone = () => send(operation, given, signal)
  const { name, method } = operation
  const answer = method === "GET" ? askTogether({ operation: name, input: given, alone, signal }) : alone()
  return (await answer) as Answer<T>
}

async function send<T extends Asks>({ method, path }: Asked<T>, input: Record<string, unknown>, signal?: AbortSignal) {
  const init = { method, ...(signal && { signal }), headers: { accept: "application/json" } }
  const left = { ...input }
  const filled = filledIn(path, left)
  const response =
    method === "POST"
      ? await fetched(filled, {
          ...init,
          headers: { ...init.headers, "content-type": "application/json" },
          body: JSON.stringify(left),
        })
      : await fetched(withQuery(filled, left), init)
  return answerIn(response)
}

/** The address that answers this, for a download or for the eye. */
export function addressOf<T extends Asks>({ path }: Asked<T>, input: Input<T>): string {
  const left = { ...(input as Record<string, unknown>) }
  return withQuery(filledIn(path, left), left)
}

/** Inputs that stand in the path are taken out of `left`. */
function filledIn(path: string, left: Record<string, unknown>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(left[name])
    delete left[name]
    return encodeURIComponent(value)
  })
}

function withQuery(path: string, params: Record<string, unknown>): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== "")
  const text = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()
  return text === "" ? path : `${path}?${text}`
}
