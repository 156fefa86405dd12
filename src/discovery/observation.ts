/** What a source adapter makes of a real system: observations with their coverage, and nothing else. */
import type { ResourceStatus } from "#events/facets/target.js"
import type { Coverage } from "#events/source.js"
import type { Instant } from "#kernel/clock.js"
import type { JsonObject } from "#kernel/json.js"
import type { Did, LogEntry } from "./accounts.js"

export type EntityKind = "target" | "service" | "stack"

/** One entity as one look saw it. Within a facet a missing field was not looked at and `null` is not there. */
export interface Observation {
  readonly kind: EntityKind
  /** What the source itself calls it, stable over looks. */
  readonly nativeKey: string
  /** The native key of the target that a service or a stack runs on. */
  readonly on?: string
  /** Facet name → what was seen, gauges included. A missing facet was not looked at. */
  readonly facets: Readonly<Record<string, JsonObject>>
  /** Of a target, the state of its resources, where somebody else has concluded it. */
  readonly resources?: Readonly<Record<string, ResourceStatus>>
}

/** That somebody did something, as a source's own log has it. It is no change: it may account for one. */
export interface Cause {
  readonly kind: EntityKind
  /** What it was done to. */
  readonly nativeKey: string
  /** Who did it, as the source calls them; missing where its log does not say. */
  readonly by?: string
  /** What they did, with the name under which the log has it: `qmstart UPID:…`. */
  readonly reason: string
  /** When it was done. */
  readonly at: Instant
  /** Whether the thing was made by it: whatever bore its name before is another. */
  readonly begins?: boolean
  /** What the log has of it, where it may be sent: `did` rests on nothing else. */
  readonly entry?: LogEntry
  /** Whether a field is as it is now by this. */
  readonly did: Did
}

export interface Look {
  readonly observedAt: Instant
  readonly observations: readonly Observation[]
  readonly coverage: Coverage
  /** What is known to have been done of late, looked for or not in what changed; of one time, the latest first. */
  readonly causes?: readonly Cause[]
  /** Machines that showed another host key than the one that is trusted, by native key. */
  readonly hostKeysOffered?: ReadonlyMap<string, string>
  /** Whether it is somebody's word: what it leaves out, where it is complete, is gone at once. */
  readonly stated?: true
}

/** How far a look is: machines looked at or failed, of all there are. */
export type LookProgress = (done: number, total: number, what: string) => void

/** A host key as it was offered. */
export interface OfferedKey {
  /** Under which it is to be trusted, as known_hosts has it. */
  readonly name: string
  readonly algorithm: string
  readonly key: string
  readonly fingerprint: string
}

/** What became of a program that was run on a machine. */
export interface Ran {
  readonly exit: number
  /** The first lines of what it said, without empty ones, harmless. */
  readonly said: readonly string[]
}

/** A container as its engine tells of it. */
export interface ContainerState {
  /** `running`, `exited`, … */
  readonly status: string
  readonly exit: number | null
  /** By its own health check; null where it has none. */
  readonly health: string | null
  /** The first line of what that said last, harmless. */
  readonly said: string | null
}

/** A configured place to look. */
export interface Source {
  readonly name: string
  readonly kind: string
  /** Whether it lists what there is, so that two things in one look are two; where hosts are written down, one may be there twice. */
  readonly tellsApart?: true
  /** @throws FleetError `SourceUnavailable` when nothing could be looked at. */
  look(signal: AbortSignal, progress?: LookProgress): Promise<Look>
  /**
   * Of machines that a look did not find, those that may be there all the same, and why: some systems leave out what one may not see and say nothing.
   * Only the signal's reason is thrown.
   */
  whyUnseen?(nativeKeys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>>
  /** Yields whenever something may have changed that a look would see, for as long as that can be followed. */
  changes?(signal: AbortSignal): AsyncIterable<unknown>
  /** The ssh host keys that one of its hosts offers now, which is no reason to trust them. @throws FleetError `NotFound`, `SourceUnavailable` */
  hostKeysOf?(host: string, signal: AbortSignal): Promise<readonly OfferedKey[]>
  /**
   * Runs a program on a machine of the source, as whoever looks there. What it is, is for the configuration alone to say.
   * @param seconds after which it is killed
   * @throws FleetError `NotFound` for a machine that it does not have, `SourceUnavailable`
   */
  run?(target: string, argv: readonly string[], seconds: number, signal: AbortSignal): Promise<Ran>
  /** Of a container on a machine of the source. @returns undefined where there is none of that id @throws as `run` */
  container?(target: string, id: string, signal: AbortSignal): Promise<ContainerState | undefined>
  /** Lets go of what it keeps between looks. */
  close?(): Promise<void>
}
