/** Reading an inventory that is imported: all of it is understood, or none of it counts. */
import { canonicalJson } from "#kernel/canonical-json.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import type { Observation } from "#discovery/observation.js"
import { type Entry, entryOf, heading } from "./entry.js"
import { split } from "./split.js"

export interface ReadInventory {
  readonly observations: readonly Observation[]
  /** What it was filtered by when it was exported, as far as it says. */
  readonly q: string | null
}

/** In characters, of an entity's facets: an event may have 900,000 bytes, of which some are the ledger's own. */
const longestFacets = 280_000

/**
 * @param knownMachines ids of machines that were imported before: what is on them may come without them
 * @throws FleetError `InvalidInput` naming the entity and the path
 */
export async function readInventory(
  chunks: AsyncIterable<Uint8Array>,
  knownMachines: ReadonlySet<string>,
): Promise<ReadInventory> {
  const observations: Observation[] = []
  const ids = new Set<string>()
  let q: string | null = null
  for await (const part of split(chunks)) {
    if (part.is === "document") {
      q = headingOf(part.text)
      continue
    }
    const observation = observationOf(part.text, observations.length + 1)
    const id = `${observation.kind} ${observation.nativeKey}`
    if (ids.has(id)) throw wrong(observation, "/id", "there is another one of its kind with that id")
    ids.add(id)
    observations.push(observation)
  }
  for (const observation of observations) {
    const { on } = observation
    if (on === undefined || ids.has(`target ${on}`) || knownMachines.has(on)) continue
    throw wrong(observation, "/on", `there is no machine with the id "${on.slice(0, 120)}"`)
  }
  return { observations, q }
}

function headingOf(text: string): string | null {
  const result = heading.safeParse(parsed(text, "what stands around the entities"))
  if (result.success) return result.data.q ?? null
  const [issue] = result.error.issues
  throw wrong("the inventory", `/${issue?.path.map(String).join("/")}`, issue?.message ?? "not what is allowed")
}

function observationOf(text: string, number: number): Observation {
  const value = parsed(text, `entity ${number}`)
  const entry = entryOf(value)
  if ("message" in entry) throw wrong(`entity ${number}${calledIn(value)}`, entry.path, entry.message)
  const observation = asObservation(entry)
  if (observation.nativeKey === "") throw wrong(`entity ${number}`, "/id", "what has no name needs an id")
  const length = lengthOf(observation, number)
  if (length > longestFacets) throw wrong(observation, "/facets", `they are longer than ${longestFacets} characters`)
  return observation
}

function asObservation(entry: Entry): Observation {
  const { kind, name, id: nativeKey = name } = entry
  const facets = { ...entry.facets, identity: { ...entry.facets.identity, name } } as Record<string, JsonObject>
  if (kind === "target") return { kind, nativeKey, facets, ...(entry.resources && { resources: entry.resources }) }
  return { kind, nativeKey, on: entry.on, facets }
}

/** @throws FleetError when JSON could not carry it, as half a character */
function lengthOf({ kind, nativeKey, facets }: Observation, number: number): number {
  try {
    return canonicalJson({ nativeKey, facets }).length
  } catch (cause) {
    throw wrong(`entity ${number} (${kind})`, "/facets", messageOf(cause))
  }
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new FleetError("InvalidInput", `the inventory cannot be understood: ${what} is not JSON`)
  }
}

function calledIn(value: unknown): string {
  const { name } = value as { readonly name?: unknown }
  return typeof name === "string" ? ` (${name.slice(0, 120)})` : ""
}

/** @param what which entity, or a word for it */
export function wrong(what: Observation | string, path: string, message: string): FleetError {
  const named = typeof what === "string" ? what : `the ${what.kind} "${nameOf(what)}"`
  return new FleetError(
    "InvalidInput",
    `${named} cannot be imported: at ${path}: ${message}; nothing was recorded`.toWellFormed(),
  )
}

function nameOf({ facets, nativeKey }: Observation): string {
  const name = facets["identity"]?.["name"]
  return (typeof name === "string" ? name : nativeKey).slice(0, 120)
}
