/** What a look's coverage says of one machine, and how that of many is told shortly. */
import type { Coverage, FailedTarget, TargetsCoverage } from "#events/source.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { EntityKind } from "./observation.js"

/** Whether a look that did not find a record of this kind, on this target, says that it is not there. A target is on itself. */
export function isComplete({ complete, targets, failed }: Coverage, kind: EntityKind, on: string | undefined): boolean {
  if (failed?.some(({ target }) => target === on) === true) return false
  if (kind === "target") return complete.target
  const own = targets?.find((group) => on !== undefined && group.targets.includes(on))
  return (own?.complete ?? complete)[kind] ?? false
}

/** What was said of each machine, those with equal coverage as one. */
export function grouped(each: ReadonlyMap<string, Omit<TargetsCoverage, "targets">>): TargetsCoverage[] {
  const groups = new Map<string, TargetsCoverage>()
  for (const [target, coverage] of [...each].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const key = canonicalJson(coverage)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { targets: [target], ...coverage })
    else group.targets.push(target)
  }
  return [...groups.values()]
}

/** Machines that failed, in the order of their names: the same account for the same trouble. */
export function inOrder(failed: Iterable<FailedTarget>): FailedTarget[] {
  return [...failed].toSorted((a, b) => (a.target < b.target ? -1 : 1))
}
