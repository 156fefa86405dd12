/** What the services of one node have in common, and what every call goes through before it is carried out. */
import type { OpenCall, OpenCalls } from "./calls.js"
import { type Endpoint, accessDenied, unauthenticated } from "./errors.js"
import type { Faults } from "./faults.js"
import type { Store } from "./store.js"

export interface User {
  readonly name: string
  readonly password: string
}

export interface Node {
  readonly endpoint: Endpoint
  readonly store: Store
  readonly calls: OpenCalls
  readonly faults: Faults
  /** Without one, anybody may do everything. */
  readonly user: User | undefined
  readonly maxAppendBytes: number
  readonly batchAppend: boolean
}

/** Throws the refusal that the call ends with; does not come back if nobody is to answer. */
export async function admit(node: Node, call: OpenCall): Promise<void> {
  if (!isKnown(node, call)) throw accessDenied()
  node.faults.redirect(call)
  if (node.faults.ignores(call.kind)) await new Promise<never>(() => {})
}

/** Whether the call comes from the user, and not from nobody in particular. Throws for a wrong password. */
export function isKnown({ user }: Node, { metadata }: OpenCall): boolean {
  const [given] = metadata.get("authorization")
  if (user !== undefined && given !== undefined && given !== basic(user)) throw unauthenticated()
  return user === undefined || given !== undefined
}

function basic({ name, password }: User): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`
}
