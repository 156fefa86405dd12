/** Records that come one after the other, each new and alone, and are linked as they come. */
import { type Pairs, type Targets, linksOf } from "#discovery/identity/group.js"
import type { RecordId } from "#kernel/ids.js"

/** @returns the records of each target in the end, by its id */
export function arrived(order: readonly RecordId[], pairs: Pairs): Targets {
  const targets = new Map<RecordId, readonly RecordId[]>()
  for (const newcomer of order) {
    const { link } = linksOf(newcomer, targets, pairs)
    const members = [newcomer, ...link.flatMap((target) => targets.get(target) ?? [])].sort()
    for (const target of link) targets.delete(target)
    targets.set(members[0] as RecordId, members)
  }
  return targets
}
