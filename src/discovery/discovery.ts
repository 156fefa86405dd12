/** The sources there are, and at most one look at each at a time. */
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import type { Source } from "./observation.js"
import { type DiscoveryPorts, type RunReport, type RunRequest, runDiscovery } from "./run.js"

export interface Discovery {
  readonly sources: readonly Source[]
  /** Looks at one source; who asks while a look is under way gets that look's report. */
  look(source: Source, request: RunRequest): Promise<RunReport>
  /** @throws FleetError `NotFound` naming the nearest source */
  find(name: string): Source
}

export function discovery(sources: readonly Source[], ports: DiscoveryPorts): Discovery {
  const running = new Map<string, Promise<RunReport>>()
  return {
    sources,
    look(source, request) {
      const current = running.get(source.name)
      if (current !== undefined) return current
      const run = runDiscovery(source, ports, request).finally(() => running.delete(source.name))
      running.set(source.name, run)
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
