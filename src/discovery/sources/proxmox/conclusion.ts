/** What was seen of each machine, as a look: and how far it reaches. */
import type { TargetsCoverage } from "#events/source.js"
import { grouped, inOrder } from "../../coverage.js"
import { foreignText } from "../../facts/foreign.js"
import type { Look, Observation } from "../../observation.js"
import type { Sight } from "./page.js"

export interface Seen {
  /** Its native key. */
  readonly key: string
  readonly sight: Sight
  /** Whether the node that it is, or is on, is online. */
  readonly answers: boolean
}

interface Reach {
  readonly token: string
  /** Why there may be more than what is listed. */
  readonly doubts: readonly string[]
  /** Why storage was not looked at. */
  readonly noStorage: string | undefined
  /** Why it may not be known who did what. */
  readonly noCauses: string | undefined
}

export function conclusion(
  seen: readonly Seen[],
  { token, doubts, noStorage, noCauses }: Reach,
): Omit<Look, "observedAt"> {
  const rights = foreignText(`token:${token}`)
  const observations = new Map<string, Observation>()
  const each = new Map<string, Omit<TargetsCoverage, "targets">>()
  const all: Record<string, true> = {}
  // The API lists them in any order.
  for (const { key, sight } of seen.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const { facets, notLooked } = sight
    observations.set(key, { kind: "target", nativeKey: key, facets })
    const looked = Object.fromEntries(Object.keys(facets).map((facet) => [facet, true as const]))
    Object.assign(all, looked)
    each.set(key, { rights, looked, notLooked, complete: { service: false } })
  }
  const silent = seen.filter(({ answers }) => !answers)
  const failed = silent.map(({ key }) => ({
    target: key,
    code: "SourceUnavailable",
    message: "the node is not online",
  }))
  return {
    observations: [...observations.values()],
    coverage: {
      rights,
      looked: all,
      notLooked: {
        ...(doubts.length === 0 ? {} : { "/target": doubts.join("; ") }),
        ...(noStorage === undefined ? {} : { "/storage": noStorage }),
        ...(noCauses === undefined ? {} : { "/causes": noCauses }),
      },
      complete: { target: doubts.length === 0, service: false },
      ...(each.size > 0 ? { targets: grouped(each) } : {}),
      ...(failed.length > 0 ? { failed: inOrder(failed) } : {}),
    },
  }
}
