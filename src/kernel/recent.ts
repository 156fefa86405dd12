/** More than are asked about in turns; what was asked for longest ago goes first. */
const kept = 32

/** A function whose last answers are remembered, for what is asked again and again with the same. */
export function recent<A, R>(work: (argument: A) => R): (argument: A) => R {
  const known = new Map<A, { readonly result: R }>()
  return (argument) => {
    const found = known.get(argument) ?? { result: work(argument) }
    known.delete(argument)
    known.set(argument, found)
    const [oldest] = known.keys()
    if (known.size > kept) known.delete(oldest as A)
    return found.result
  }
}
