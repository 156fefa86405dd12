/** Who is looking. */
import { signal } from "@preact/signals"
import { isStranger, refusalIn } from "./ask.js"
import { followChanges } from "./live.js"

export interface Session {
  readonly name: string
  readonly scope: "read" | "operate" | "admin"
}

/** Undefined until it is known. */
export const session = signal<Session | undefined>(undefined)

/** @throws Refused, TypeError */
export async function meet(): Promise<void> {
  const response = await fetch("/session")
  if (!response.ok) throw await refusalIn(response)
  await greet(response)
}

/** @throws Refused for a token that is none */
export async function signIn(token: string): Promise<void> {
  const response = await fetch("/session", { method: "POST", headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) throw await refusalIn(response)
  await greet(response)
}

export async function signOut(): Promise<void> {
  await fetch("/session", { method: "DELETE" })
  session.value = undefined
  isStranger.value = true
}

async function greet(response: Response): Promise<void> {
  session.value = (await response.json()) as Session
  isStranger.value = false
  followChanges()
}
