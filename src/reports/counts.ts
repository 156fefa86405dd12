/** Counting for charts. */

/** @param named what is counted though there be none of it */
export function counted<T>(
  all: Iterable<T>,
  named: readonly string[],
  by: (item: T) => string,
): ReadonlyMap<string, number> {
  const counts = new Map(named.map((name) => [name, 0]))
  for (const item of all) counts.set(by(item), (counts.get(by(item)) ?? 0) + 1)
  return counts
}

export function mostFirst(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}
