/** Whom a check asks that does not connect by itself: the sources that look at the machine, on their own connections. */
import type { Source } from "#discovery/observation.js"
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { targetOf } from "#timeline/entity.js"
import type { Instance } from "./instances.js"

export interface Asking {
  readonly views: ViewsReader
  readonly at: Position
  /** A source by its name; undefined for one that is not configured here, as a collector's. */
  readonly source: (name: string) => Source | undefined
}

export type Runner = (argv: readonly string[], seconds: number, signal: AbortSignal) => ReturnType<RunOf>
type RunOf = NonNullable<Source["run"]>
type ContainerOf = NonNullable<Source["container"]>
export type ContainerReader = (id: string, signal: AbortSignal) => ReturnType<ContainerOf>

/** Runs programs on the machine that it is, or is on: by the first source that can. */
export async function runnerOf(about: Instance["about"], asking: Asking): Promise<Runner | undefined> {
  const under = await machineRecord(about, asking)
  if (under === undefined) return undefined
  const machine = await targetOf(asking.views, under, asking.at)
  for (const { source: name, nativeKey } of [
    under,
    ...(await asking.views.inventory.membersOf(machine.id, asking.at)),
  ]) {
    const source = asking.source(name)
    if (source?.run !== undefined) return (...run) => (source.run as RunOf)(nativeKey, ...run)
  }
  return undefined
}

/** Asks the engine that a service's record is of. */
export async function containersOf(about: Instance["about"], asking: Asking): Promise<ContainerReader | undefined> {
  const under = await machineRecord(about, asking)
  if (under === undefined) return undefined
  const source = asking.source(under.source)
  if (source?.container === undefined) return undefined
  return (id, signal) => (source.container as ContainerOf)(under.nativeKey, id, signal)
}

/** As the same source knows it. */
async function machineRecord(about: Instance["about"], { views }: Asking): Promise<RecordRow | undefined> {
  const record = about === null ? undefined : await views.inventory.record(about.id)
  return record && views.inventory.record(record.targetId)
}
