/**
 * The Docker Engine on a host that is reached over ssh, through the same connection: its containers and stacks are the host's, and what it says of the machine
 * the host says better itself. An engine that does not answer leaves the host's services incomplete: its containers may be there.
 */
import type { Duplex } from "node:stream"
import type { TargetsCoverage } from "#events/source.js"
import type { Clock } from "#kernel/clock.js"
import { messageOf } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import type { Cause, Look, Observation, Source } from "../../observation.js"
import { dockerSource } from "../docker.js"
import { onHost } from "./on-host.js"

export type HostCoverage = Omit<TargetsCoverage, "targets">

/** What a look saw of one host. */
export interface HostSeen {
  /** The host's own first. */
  readonly observations: readonly Observation[]
  readonly coverage: HostCoverage
  readonly causes: readonly Cause[]
}

/** @param connect opens a stream to the engine's socket */
export function engineOn(alias: string, connect: () => Promise<Duplex>, clock: Clock): Source {
  return dockerSource(alias, { host: `ssh://${alias}` }, { clock, overSsh: () => ({ connect }) })
}

/** What was seen of a host, with what its engine says. */
export async function withEngine(
  seen: HostSeen,
  alias: string,
  engine: Source,
  signal: AbortSignal,
): Promise<HostSeen> {
  try {
    return together(seen, alias, await engine.look(signal))
  } catch (error) {
    signal.throwIfAborted()
    const { coverage } = seen
    const why = messageOf(error).slice(0, 500).toWellFormed()
    return {
      ...seen,
      coverage: {
        ...coverage,
        notLooked: { ...coverage.notLooked, "/engine": why, "/stack": why },
        complete: { service: false, stack: false },
      },
    }
  }
}

function together(
  { observations, coverage, causes }: HostSeen,
  alias: string,
  { observations: seen, coverage: reach }: Look,
): HostSeen {
  const [machine, ...others] = seen
  const [host, ...own] = observations
  const { engine = {}, identity = {} } = machine?.facets ?? {}
  const facets: Observation["facets"] = {
    ...host?.facets,
    engine,
    identity: { ...host?.facets["identity"], ...only(identity, "dockerEngineId") },
  }
  return {
    observations: [
      ...(host === undefined ? [] : [{ ...host, facets }]),
      ...own,
      ...others.map((one) => onHost(alias, one)),
    ],
    coverage: {
      ...coverage,
      looked: { ...coverage.looked, ...reach.looked },
      notLooked: { ...coverage.notLooked, ...reach.notLooked },
      complete: {
        service: coverage.complete.service && reach.complete.service,
        stack: reach.complete.stack ?? false,
      },
    },
    causes,
  }
}

function only(object: JsonObject, name: string): JsonObject {
  const value = object[name]
  return value === undefined ? {} : { [name]: value }
}
