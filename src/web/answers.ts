/** What comes back of a question. Foreign text is made harmless here, once for all: whatever a page shows has been through this. */
import { signal } from "@preact/signals"
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

/** Whether somebody has to sign in before anything is answered. */
export const isStranger = signal(false)

export function parsed(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => (typeof value === "string" ? printable(value) : value))
}

export async function answerIn(response: Response): Promise<unknown> {
  return parsed(await response.text())
}

let greetings = 0

/** Whoever asks from now on is known here. */
export function greeted(): void {
  greetings += 1
  isStranger.value = false
}

/** @throws Refused; TypeError when the server cannot be reached; DOMException `AbortError`, `TimeoutError` */
export async function fetched(address: string, init?: RequestInit): Promise<Response> {
  const before = greetings
  const response = await fetch(address, init)
  if (response.ok) return response
  const refused = refusalOf(response.status, (await response.json().catch(() => ({}))) as object)
  // What was asked before somebody signed in says nothing of who is here since.
  if (refused.status === 401 && greetings === before) isStranger.value = true
  throw refused
}

/** @param problem as it was sent, if it was */
export function refusalOf(status: number, problem: { readonly code?: string; readonly detail?: string }): Refused {
  const detail = printable(problem.detail ?? `the server answered ${status}`)
  return new Refused(status, problem.code ?? "Internal", detail)
}

/** Each line of an answer as it comes. @throws TypeError where the connection breaks off */
export async function* linesOf(response: Response): AsyncIterable<string> {
  const text = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  for (;;) {
    const { value, done } = (await text?.read()) ?? { done: true }
    if (done) return
    const lines = (rest + value).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
  }
}
