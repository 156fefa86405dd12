/**
 * Hosts that are reached over ssh, without anything of ours on them: each is sent a program for its shell and answers in one go, only what is not known yet. A
 * host that does not answer says nothing about itself, and keeps none of the others.
 */
import * as crypto from "node:crypto"
import pLimit from "p-limit"
import type { FailedTarget } from "#events/source.js"
import { type Clock, epochMs, systemClock } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import { coverageOfHosts } from "../coverage.js"
import { type LinuxObservations, linuxMachine } from "../facts/linux.js"
import { engineHost } from "./docker.js"
import type { Look, LookProgress, Observation, Source } from "../observation.js"
import { causesIn } from "../facts/apt-history.js"
import { type HostSeen, engineOn, withEngine } from "./ssh/engine.js"
import { collectorCommand, collectorScript } from "./ssh/collector.js"
import type { Connections } from "./ssh/connections.js"
import { type Answer, type Remembered, endsAnswer, knownOf, readAnswer } from "./ssh/frames.js"
import { largestAnswer } from "./ssh/limits.js"
import { running } from "./ssh/ran.js"
import { onHost } from "./ssh/on-host.js"
import type { SshHost } from "./ssh/resolve.js"

/** Known by its alias, which is the native key of its record. */
export interface SshTarget extends SshHost {
  /** The socket of the Docker Engine on it that is to be looked at. */
  readonly engine?: string
}

export interface SshOptions {
  readonly hosts: readonly SshTarget[]
  /** Whether to look as root where sudo takes no password. */
  readonly sudo: boolean
  /** Hosts that are looked at at once. */
  readonly together: number
  /** How long one host may take, once it is connected to. */
  readonly deadlineMs: number
}

export interface SshPorts {
  readonly connections: Connections
  readonly clock?: Clock
}

/** What was understood of a host is kept for so many: it takes about 0.2 MB of each. */
const mostUnderstood = 1_000

/** Bytes that a login shell may say on the side. */
const stderrBytes = 64 * 2 ** 10

/** That a program was killed there in time is to be heard. */
const graceMs = 3_000
const largestSaid = 16 * 2 ** 10

export function sshSource(name: string, options: SshOptions, { connections, clock = systemClock }: SshPorts): Source {
  const hosts = new Map(options.hosts.map(({ engine: _, ...host }) => [host.alias, host]))
  const remembered = new Map<string, Remembered>()
  const machines = new Map([...hosts.keys()].slice(0, mostUnderstood).map((alias) => [alias, linuxMachine(alias)]))
  const engines = new Map<string, Source>()
  for (const { engine, ...host } of options.hosts) {
    const connect = () => connections.forwardSocket(host, engine ?? "", new AbortController().signal)
    if (engine !== undefined) engines.set(host.alias, engineOn(host.alias, connect, clock))
  }

  const hostCalled = (alias: string): SshHost => {
    const host = hosts.get(alias)
    if (host !== undefined) return host
    throw new FleetError("NotFound", `the source "${name}" has no host "${alias.slice(0, 80)}"`)
  }

  const lookAt = async (host: SshHost, signal: AbortSignal): Promise<HostSeen> => {
    const { alias } = host
    const known = remembered.get(alias)
    const token = crypto.randomBytes(16).toString("hex")
    const now = epochMs(clock.now())
    const program = {
      command: collectorCommand({ sudo: options.sudo }),
      input: collectorScript({ token, ...(known && { known: knownOf(known, now) }) }),
      isWhole: (end: string) => endsAnswer(end, token),
    }
    const limits = { deadlineMs: options.deadlineMs, stdoutBytes: largestAnswer, stderrBytes }
    const { stdout, address, hostKey } = await connections.run(host, program, limits, signal)
    const answer = await readAnswer([stdout], token, {
      remembered: known,
      now,
      share: 1 - crypto.randomInt(256) / 1024,
    })
    remembered.set(alias, answer.remembered)
    const access = { method: "ssh", address, hostKey, offeredHostKey: null }
    const understand = machines.get(alias) ?? linuxMachine(alias)
    const seen = seenAs(alias, answer, understand(answer.materials), access)
    const engine = engines.get(alias)
    return engine === undefined ? seen : withEngine(seen, alias, engine, signal)
  }

  return {
    name,
    kind: "ssh",
    async look(signal: AbortSignal, progress: LookProgress = () => {}): Promise<Look> {
      const observedAt = clock.now()
      const limit = pLimit(options.together)
      const seen = new Map<string, HostSeen>()
      const failed: FailedTarget[] = []
      const hostKeysOffered = new Map<string, string>()
      let done = 0
      progress(0, hosts.size, name)
      const attempt = async (host: SshHost) => {
        signal.throwIfAborted()
        try {
          seen.set(host.alias, await lookAt(host, signal))
        } catch (error) {
          signal.throwIfAborted()
          failed.push(failureOf(host, error))
          const offered = offeredIn(error)
          if (offered !== undefined) hostKeysOffered.set(host.alias, offered)
        }
        progress(++done, hosts.size, host.alias)
      }
      await Promise.all([...hosts.values()].map((host) => limit(() => attempt(host))))
      return {
        observedAt,
        observations: observationsOf(seen),
        coverage: coverageOfHosts(new Map([...seen].map(([alias, { coverage }]) => [alias, coverage])), failed),
        causes: [...seen.values()].flatMap(({ causes }) => causes),
        hostKeysOffered,
      }
    },
    hostKeysOf: async (alias, signal) => connections.scanHostKeys(hostCalled(alias), signal),
    async run(alias, argv, seconds, signal) {
      const { script, understand } = running(argv, seconds)
      const limits = { deadlineMs: seconds * 1_000 + graceMs, stdoutBytes: largestSaid, stderrBytes }
      const { stdout } = await connections.run(
        hostCalled(alias),
        { command: "exec sh -s", input: script },
        limits,
        signal,
      )
      const ran = understand(stdout.toString("utf8"))
      if (ran === undefined)
        throw new FleetError("SourceUnavailable", `the shell of ${alias} does not say what became of it`)
      return ran
    },
    async container(alias, id, signal) {
      const engine = engines.get(alias)
      if (engine?.container === undefined)
        throw new FleetError("NotFound", `the source "${name}" looks at no engine of "${alias.slice(0, 80)}"`)
      return engine.container(engineHost, id, signal)
    },
    async close() {
      connections.close()
    },
  }
}

function seenAs(
  alias: string,
  { rights, materials }: Pick<Answer, "rights" | "materials">,
  { observations, ...coverage }: LinuxObservations,
  access: Observation["facets"][string],
): HostSeen {
  const { target: _, ...complete } = coverage.complete
  return {
    observations: observations.map((observation) =>
      observation.kind === "target"
        ? { ...observation, facets: { ...observation.facets, access } }
        : onHost(alias, observation),
    ),
    coverage: { rights, looked: { ...coverage.looked, access: true }, notLooked: coverage.notLooked, complete },
    causes: causesIn(materials["apt-history"], observations[0]),
  }
}

function observationsOf(seen: ReadonlyMap<string, HostSeen>): Observation[] {
  const inOrderOfNames = [...seen].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return inOrderOfNames.flatMap(([, { observations }]) => observations)
}

function failureOf({ alias }: SshHost, error: unknown): FailedTarget {
  const code = error instanceof FleetError ? error.code : "SourceUnavailable"
  const told = messageOf(error)
  const message = told.includes(alias) ? told : `${alias}: ${told}`
  return { target: alias, code, message: message.slice(0, 1_000).toWellFormed() }
}

/** The fingerprint of a key that is not the one that the host is known by. */
function offeredIn(error: unknown): string | undefined {
  if (!(error instanceof FleetError) || error.code !== "HostKeyChanged") return undefined
  const { fingerprint } = error.details
  return typeof fingerprint === "string" ? fingerprint : undefined
}
