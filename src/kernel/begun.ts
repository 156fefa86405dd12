/** What is iterated over, with its first item there: what it is refused for is refused before anything of it is used. */
export async function begun<T>(items: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const coming = items[Symbol.asyncIterator]()
  const first = await coming.next()
  return {
    async *[Symbol.asyncIterator]() {
      if (first.done === true) return
      yield first.value
      yield* { [Symbol.asyncIterator]: () => coming }
    },
  }
}
