/** The sources there are, and at most one look at each at a time. */
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
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
}

export function discovery(sources: readonly Source[], ports: DiscoveryPorts): Discovery {
  /** The end of the last look asked for at each source, however it ends. */
  const ends = new Map<string, Promise<unknown>>()
  return {
    sources,
    look(source, request) {
      const before = ends.get(source.name) ?? Promise.resolve()
      const run = before.then(() => runDiscovery(source, ports, request))
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
  }
}
