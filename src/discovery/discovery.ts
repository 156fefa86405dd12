/** The sources there are, with at most one look at each at a time, and few at all. */
import pLimit from "p-limit"
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import { isImport } from "./imported.js"
import type { Source } from "./observation.js"
import { type DiscoveryPorts, type RunReport, type RunRequest, runDiscovery } from "./run.js"

export interface Discovery {
  readonly sources: readonly Source[]
  /**
   * Looks at one source, after the look at it that is under way has ended: that one may have passed what has changed since. Each look is
   * its asker's own to cancel.
   */
  look(source: Source, request: RunRequest): Promise<RunReport>
  /** @throws FleetError `NotFound` naming the nearest source */
  find(name: string): Source
  /** Whether what one look of a source saw as two is two. */
  readonly tellsApart: (source: string) => boolean
  /** Lets go of what sources keep between looks. */
  close(): Promise<void>
}

/** Sources that are looked at together. */
const together = 8

export function discovery(sources: readonly Source[], ports: Omit<DiscoveryPorts, "tellsApart" | "alone">): Discovery {
  const listing = new Set(sources.filter((source) => source.tellsApart === true).map(({ name }) => name))
  const tellsApart = (source: string) => listing.has(source) || isImport(source)
  const limit = pLimit(together)
  const alone = pLimit(1)
  /** The end of the last look asked for at each source, however it ends. */
  const ends = new Map<string, Promise<unknown>>()
  return {
    sources,
    tellsApart,
    look(source, request) {
      // Of those that come with their look.
      if (source.tellsApart === true) listing.add(source.name)
      const before = ends.get(source.name) ?? Promise.resolve()
      const run = before.then(() => limit(() => runDiscovery(source, { ...ports, tellsApart, alone }, request)))
      ends.set(
        source.name,
        run.catch(() => undefined),
      )
      return run
    },
    find(name) {
      const source = sources.find((candidate) => candidate.name === name)
      if (source !== undefined) return source
      const names = sources.map((candidate) => candidate.name)
      const near = nearest(name, names)
      const hint = near === undefined ? `configured are: ${names.join(", ")}` : `did you mean "${near}"?`
      throw new FleetError("NotFound", `there is no source "${name.slice(0, 80)}"; ${hint}`)
    },
    async close() {
      for (const source of sources) await source.close?.()
    },
  }
}
