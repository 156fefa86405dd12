/** Everything that one machine's materials say: one target with its facets, its services, and how far that reaches. */
import type { Coverage } from "#events/source.js"
import type { JsonObject } from "#kernel/json.js"
import type { Observation } from "../observation.js"
import type { Facts, ServiceFacts } from "./answer.js"
import { type Understand, again } from "./again.js"
import { certificatesFacts } from "./certificates.js"
import { hardwareFacts } from "./hardware.js"
import { identityFacts } from "./identity.js"
import type { Materials } from "./material.js"
import { networkFacts } from "./network.js"
import { osFacts } from "./os.js"
import { packagesFacts } from "./packages.js"
import { securityFacts } from "./security.js"
import { services } from "./services.js"
import { socketsFacts } from "./sockets.js"
import { storageFacts } from "./storage.js"
import { updatesFacts } from "./updates.js"
import { usageFacts } from "./usage.js"

const facetFacts: Readonly<Record<string, Understand<Facts>>> = {
  identity: identityFacts,
  hardware: hardwareFacts,
  os: osFacts,
  network: networkFacts,
  storage: storageFacts,
  sockets: socketsFacts,
  packages: packagesFacts,
  security: securityFacts,
  updates: updatesFacts,
  certificates: certificatesFacts,
  usage: usageFacts,
}

/** A look without its time and rights. */
export interface LinuxObservations extends Pick<Coverage, "looked" | "notLooked" | "complete"> {
  readonly observations: readonly Observation[]
}

/** `nativeKey` is what the source calls the machine. */
export function linuxObservations(materials: Materials, nativeKey: string): LinuxObservations {
  return observationsBy(facetFacts, (all) => services(all, nativeKey), materials, nativeKey)
}

/** One machine, look after look: only what has changed is understood anew. */
export function linuxMachine(nativeKey: string): Understand<LinuxObservations> {
  const facets = Object.fromEntries(Object.entries(facetFacts).map(([facet, factsOf]) => [facet, again(factsOf)]))
  const servicesOf = again((all: Materials) => services(all, nativeKey))
  return (materials) => observationsBy(facets, servicesOf, materials, nativeKey)
}

function observationsBy(
  facetFactsOf: typeof facetFacts,
  servicesOf: Understand<ServiceFacts>,
  materials: Materials,
  nativeKey: string,
): LinuxObservations {
  const facets: Record<string, JsonObject> = {}
  const looked: Coverage["looked"] = {}
  const notLooked: Coverage["notLooked"] = {}
  for (const [facet, factsOf] of Object.entries(facetFactsOf)) {
    const facts = factsOf(materials)
    Object.assign(notLooked, facts.notLooked)
    if (facts.fields === undefined) continue
    facets[facet] = facts.fields
    looked[facet] = true
  }
  const found = servicesOf(materials)
  Object.assign(notLooked, found.notLooked)
  const history = materials["apt-history"]
  if ("denied" in history) notLooked["/causes"] = history.denied
  if (found.complete || found.observations.length > 0) looked["service"] = true
  return {
    observations: [{ kind: "target", nativeKey, facets }, ...found.observations.toSorted(byNativeKey)],
    looked,
    notLooked,
    complete: { target: true, service: found.complete },
  }
}

function byNativeKey(a: Observation, b: Observation): number {
  return a.nativeKey < b.nativeKey ? -1 : 1
}
