/** Finding the snapshot that a person means, by its name. */
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import type { Position } from "#kernel/point.js"
import type { Snapshot } from "#projections/snapshots/read.js"
import type { ViewsReader } from "#projections/views.js"

/** How many are named to somebody who asks for one that there is not. */
const namedSnapshots = 5

/** @throws FleetError `NotFound` with the nearest name */
export async function findSnapshot(views: ViewsReader, name: string, at: Position): Promise<Snapshot> {
  const snapshot = await views.snapshots.named(name, at)
  if (snapshot === undefined) throw new FleetError("NotFound", await noSnapshot(views, name, at))
  return snapshot
}

/** The sentence to somebody who asks for one that there is not, with what may have been meant. */
export async function noSnapshot({ snapshots }: ViewsReader, name: string, at: Position): Promise<string> {
  const given = name.slice(0, 80)
  const former = await snapshots.lastNamed(name, at)
  if (former !== undefined) {
    return `the snapshot "${given}" was deleted; what it named is still position:${former.point.position}`
  }
  const names = await snapshots.names(at)
  const near = nearest(given, names)
  if (near !== undefined) return `there is no snapshot "${given}"; did you mean "${near}"?`
  const some = names.slice(0, namedSnapshots).join(", ")
  const rest = some === "" ? '"fleet-ledger snapshot create NAME" takes one' : `the newest are ${some}`
  return `there is no snapshot "${given}"; ${rest}`
}
