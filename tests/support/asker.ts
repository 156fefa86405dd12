/** Asking a fleet as a door does, by the operation's name. */
import type { Fleet } from "#fleet.js"
import { invoke } from "#operations/invoke.js"
import { operations } from "#operations/registry.js"
import { type Scope } from "#ops/tokens.js"

export type Ask<A> = (name: string, input?: Record<string, unknown>) => Promise<A>

/** @returns asks with that scope, as `user:ada`; the answers are what the test takes them for */
export function asker<A>(fleet: Fleet, scope: Scope = "admin"): Ask<A> {
  const principal = { name: "user:ada", scope }
  const call = { fleet, principal, signal: new AbortController().signal, progress: () => {} }
  return async (name, input = {}) => {
    const operation = operations.find((candidate) => candidate.name === name)
    if (operation === undefined || operation.kind === "stream" || operation.kind === "text")
      throw new Error(`no operation ${name} that answers at once`)
    return (await invoke(operation, call, input)) as A
  }
}
