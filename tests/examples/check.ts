/** A kind of check: that a name stands for the addresses that it should. */
import * as dns from "node:dns/promises"
import { type Outcome, failing, passing } from "#checks/outcome.js"

export interface NameCheck {
  readonly kind: "name"
  readonly name: string
  readonly addresses: readonly string[]
}

/** One try. What several tries agree upon, and what is said of it, is the same for all kinds (`checks/agree.ts`). */
export async function askName({ name, addresses }: NameCheck): Promise<Outcome> {
  const found = await dns.lookup(name, { all: true })
  const others = found.map(({ address }) => address).filter((address) => !addresses.includes(address))
  // A failure says what was found instead; what is thrown is told as a failure of the network.
  return others.length === 0 ? passing : failing(`it stands for ${others.join(", ")}`)
}
