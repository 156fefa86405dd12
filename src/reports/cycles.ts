/** Who waits for whom in a circle. */

/** What each waits for, by name; what is waited for and is no key waits for nothing. */
export type Waiting = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Circles that have nothing in common: without what is in them nothing waits in a circle. There are none if, and only if, there is an order in which everything can start.
 * @returns each from its first name on, in the order of waiting
 */
export function cyclesIn(waiting: Waiting): readonly (readonly string[])[] {
  const left = new Map([...waiting].map(([name, others]) => [name, new Set(others)] as const))
  const found: (readonly string[])[] = []
  for (;;) {
    dropWhatCanStart(left)
    const [first] = [...left.keys()].toSorted()
    if (first === undefined) return found
    const cycle = walkedFrom(first, left)
    found.push(cycle)
    for (const name of cycle) left.delete(name)
  }
}

/** What waits for nothing that is left is done, and whoever waits for that next. */
function dropWhatCanStart(left: Map<string, Set<string>>): void {
  const waitedBy = new Map<string, string[]>()
  for (const [name, others] of left)
    for (const other of others) {
      if (!left.has(other)) others.delete(other)
      else waitedBy.set(other, [...(waitedBy.get(other) ?? []), name])
    }
  const ready = [...left].flatMap(([name, others]) => (others.size === 0 ? [name] : []))
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    left.delete(name)
    for (const other of waitedBy.get(name) ?? []) {
      const others = left.get(other)
      if (others?.delete(name) === true && others.size === 0) ready.push(other)
    }
  }
}

/** Everything that is left waits for something that is left, so going on leads back to where one has been. */
function walkedFrom(first: string, left: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const seen = new Map<string, number>()
  const path: string[] = []
  for (let name = first; ;) {
    const before = seen.get(name)
    if (before !== undefined) return beginningWithTheFirst(path.slice(before))
    seen.set(name, path.length)
    path.push(name)
    name = [...(left.get(name) ?? [])].toSorted()[0] as string
  }
}

function beginningWithTheFirst(cycle: readonly string[]): readonly string[] {
  const at = cycle.indexOf(cycle.toSorted()[0] as string)
  return [...cycle.slice(at), ...cycle.slice(0, at)]
}
