/** Asking this server, and nobody else. Foreign text is made harmless here, once for all: whatever a page shows has been through this. */
import { signal } from "@preact/signals"
import type * as z from "zod"
import { printable } from "#kernel/printable.js"

/** Problem details (RFC 9457), as every refusal comes. */
export class Refused extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.name = "Refused"
    this.status = status
    this.code = code
  }
}

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

/** Whether somebody has to sign in before anything is answered. */
export const isStranger = signal(false)

/** @throws Refused; TypeError when the server cannot be reached; DOMException `AbortError` */
export async function ask<T extends Asks>(
  operation: Asked<T>,
  input: Input<T>,
  signal_?: AbortSignal,
): Promise<Answer<T>> {
  return (await answerIn(await send(operation, input, signal_))) as Answer<T>
}

export async function answerIn(response: Response): Promise<unknown> {
  return JSON.parse(await response.text(), (_, value: unknown) =>
    typeof value === "string" ? printable(value) : value,
  )
}

async function send<T extends Asks>({ method, path }: Asked<T>, input: Input<T>, signal_?: AbortSignal) {
  const init = { method, ...(signal_ && { signal: signal_ }), headers: { accept: "application/json" } }
  const left = { ...(input as Record<string, unknown>) }
  const filled = filledIn(path, left)
  const response =
    method === "POST"
      ? await fetch(filled, {
          ...init,
          headers: { ...init.headers, "content-type": "application/json" },
          body: JSON.stringify(left),
        })
      : await fetch(withQuery(filled, left), init)
  if (!response.ok) throw await refusalIn(response)
  return response
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

export async function refusalIn(response: Response): Promise<Refused> {
  if (response.status === 401) isStranger.value = true
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
  const detail = printable(problem.detail ?? `the server answered ${response.status}`)
  return new Refused(response.status, problem.code ?? "Internal", detail)
}
