/** A function whose last answer is remembered, for what is asked again and again with the same. */
export function lastOf<A, R>(work: (argument: A) => R): (argument: A) => R {
  let last: { readonly argument: A; readonly result: R } | undefined
  return (argument) => {
    if (last === undefined || last.argument !== argument) last = { argument, result: work(argument) }
    return last.result
  }
}
