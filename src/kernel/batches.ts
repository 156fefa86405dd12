/** Work on many things, some at a time: what else the process does gets its turn in between. */
export async function* inBatches<T>(items: readonly T[], size: number): AsyncIterable<readonly T[]> {
  for (let from = 0; from < items.length; from += size) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve))
    yield items.slice(from, from + size)
  }
}
