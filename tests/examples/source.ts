/** A source: who has an address by a lease of dnsmasq. */
import type { Look, Source } from "#discovery/observation.js"
import { systemClock } from "#kernel/clock.js"

/** @param read the text of its file: a line a lease, of expiry, MAC, address, host name and client */
export function leaseSource(name: string, read: () => Promise<string>): Source {
  return {
    name,
    kind: "leases",
    async look(signal): Promise<Look> {
      signal.throwIfAborted()
      const observedAt = systemClock.now()
      const leases = (await read()).split("\n").filter((line) => line !== "")
      const observations = leases.map((line) => {
        const [, mac = "", address = "", hostname = ""] = line.split(" ")
        return {
          kind: "target" as const,
          // What it is called here whatever becomes of it: names and addresses change.
          nativeKey: mac,
          // Only what a lease knows: what is left out was not looked at, and stays as other sources have it.
          facets: {
            identity: { name: hostname === "*" ? mac : hostname },
            network: { addresses: { [`ip:${address}`]: {} } },
          },
        }
      })
      // Whoever has no lease may be there all the same, so nothing is concluded of those that are missing.
      const complete = { target: false, service: false }
      return {
        observedAt,
        observations,
        coverage: { rights: "read", looked: { identity: true, network: true }, notLooked: {}, complete },
      }
    },
  }
}
