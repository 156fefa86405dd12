/** A site as a source: what an ssh source with the site's machines would see at the clock's time, failures included. */
import type { FailedTarget, TargetsCoverage } from "#events/source.js"
import { coverageOfHosts } from "#discovery/coverage.js"
import type { Observation, Source } from "#discovery/observation.js"
import type { Clock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { isCutOff, isHidden, isInstalling, isUnreachable } from "./days.js"
import type { Host, SimulatedFleet, Site } from "./fleet.js"
import { Machine } from "./machine.js"
import { Running } from "./services.js"
import { sinceBeginning } from "./time.js"

export function simulatedSource(site: Site, fleet: SimulatedFleet, clock: Clock): Source {
  const { chance, packages, services } = fleet
  const observationsOf = (host: Host, time: number): Observation[] => {
    const running = new Running(chance, host, services, time)
    return [new Machine(chance, host, time).observation(packages, running.sockets()), ...running.observations()]
  }
  return {
    name: site.name,
    kind: "simulated",
    async look(signal) {
      signal.throwIfAborted()
      const observedAt = clock.now()
      const time = sinceBeginning(observedAt)
      if (isCutOff(chance, site, time)) {
        throw new FleetError("SourceUnavailable", `the bastion of ${site.name} does not answer`)
      }
      const hosts = fleet.hostsAt(site, time).filter((host) => !isHidden(chance, site, host, time))
      const answering = hosts.filter((host) => !isUnreachable(chance, host, time))
      const failed = hosts.filter((host) => isUnreachable(chance, host, time)).map(failureOf)
      return {
        observedAt,
        observations: answering.flatMap((host) => observationsOf(host, time)),
        coverage: coverageOfHosts(
          new Map(answering.map((host) => [host.nativeKey, coverageOn(isInstalling(chance, host, time))])),
          failed,
        ),
      }
    },
  }
}

function failureOf({ nativeKey }: Host): FailedTarget {
  return { target: nativeKey, code: "SourceUnavailable", message: `${nativeKey} does not answer within 10 s` }
}

const facets = "identity access hardware os network storage sockets security updates usage service stack".split(" ")
const looked = Object.fromEntries(facets.map((facet) => [facet, true as const]))

function coverageOn(packagesAreLocked: boolean): Omit<TargetsCoverage, "targets"> {
  const complete = { service: true, stack: true }
  return packagesAreLocked
    ? { rights: "root", looked, notLooked: { "/packages": "the package manager is at work" }, complete }
    : { rights: "root", looked: { ...looked, packages: true }, notLooked: {}, complete }
}
