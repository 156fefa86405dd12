/** Who is looking. */
import { signal } from "@preact/signals"
import { fetched, greeted, isStranger } from "./answers.js"
import { followChanges, stopFollowing } from "./live.js"

export interface Session {
  readonly name: string
  readonly scope: "read" | "operate" | "admin"
}

/** Undefined until it is known. */
export const session = signal<Session | undefined>(undefined)

const patienceMs = 10_000

/** @returns how far the ledger is. @throws Refused, TypeError, DOMException `TimeoutError` */
export async function meet(): Promise<number> {
  return greet(await fetched("/session", { signal: AbortSignal.timeout(patienceMs) }))
}

/** @throws Refused for a token that is none */
export async function signIn(token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` }
  followChanges(await greet(await fetched("/session", { method: "POST", headers })))
}

export async function signOut(): Promise<void> {
  stopFollowing()
  await fetch("/session", { method: "DELETE" })
  session.value = undefined
  isStranger.value = true
}

async function greet(response: Response): Promise<number> {
  const { name, scope, position } = (await response.json()) as Session & { readonly position: number }
  session.value = { name, scope }
  greeted()
  return position
}
