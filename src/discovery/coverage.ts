/** What a look's coverage says of one machine, and how that of many is told shortly. */
import type { Coverage, FailedTarget, TargetsCoverage } from "#events/source.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { EntityKind } from "./observation.js"

/** Whether a look that did not find a record of a kind, on a target, says that it is not there. A target is on itself. */
export function reachOf({
  complete,
  targets = [],
  failed = [],
}: Coverage): (kind: EntityKind, on: string | undefined) => boolean {
  const couldNot = new Set(failed.map(({ target }) => target))
  const own = new Map(targets.flatMap((group) => group.targets.map((target) => [target, group.complete] as const)))
  return (kind, on) => {
    if (on !== undefined && couldNot.has(on)) return false
    if (kind === "target") return complete.target
    return ((on === undefined ? undefined : own.get(on)) ?? complete)[kind] ?? false
  }
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

/** Machines of which one can say the same, as many as an account may well name. */
const fewEnough = 10

/** Machines of which an account says in words what was wrong: an event has room for ten times as many, without words. */
const fewEnoughToTell = 1_000

/** As it is recorded: the machines of the largest group are all the others that there are, and are not named one by one at every hour. */
export function shortly({ targets = [], failed, ...coverage }: Coverage): Coverage {
  const largest = targets.toSorted((a, b) => b.targets.length - a.targets.length)[0]
  const most = largest !== undefined && largest.targets.length > fewEnough ? largest : undefined
  const named = targets.filter((group) => group !== most)
  return {
    ...coverage,
    ...(named.length > 0 && { targets: named }),
    ...(most !== undefined && { others: withoutNames(most) }),
    ...(failed !== undefined && {
      failed: failed.map((one, i) => (i < fewEnoughToTell ? one : { ...one, message: "" })),
    }),
  }
}

function withoutNames({ targets: _, ...coverage }: TargetsCoverage): Omit<TargetsCoverage, "targets"> {
  return coverage
}

/**
 * Of a source whose machines are written down: those that there are, are the ones in its list, so a look misses none; what runs on one is known only where it
 * answered. The same trouble makes the same coverage, in whatever order it came.
 */
export function coverageOfHosts(seen: Parameters<typeof grouped>[0], failed: readonly FailedTarget[]): Coverage {
  const targets = grouped(seen)
  return {
    rights: "ssh",
    looked: {},
    notLooked: {},
    complete: { target: true, service: false },
    ...(targets.length === 0 ? {} : { targets }),
    ...(failed.length === 0 ? {} : { failed: inOrder(failed) }),
  }
}

/** Machines that failed, in the order of their names: the same account for the same trouble. */
export function inOrder(failed: Iterable<FailedTarget>): FailedTarget[] {
  return [...failed].toSorted((a, b) => (a.target < b.target ? -1 : 1))
}
