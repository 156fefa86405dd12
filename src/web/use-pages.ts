/** A list as long as it is, fetched in pages as they come into sight: the server pages, always, and all pages are of the point of the first. */
import type { ReadonlySignal } from "@preact/signals"
import type * as z from "zod"
import { type Answer, type Asked, type Input, ask } from "./ask.js"
import { at } from "./place.js"
import { useAsking } from "./use-asking.js"

interface Asks {
  readonly input: z.ZodType
  readonly output: z.ZodObject<{ readonly items: z.ZodArray; readonly next: z.ZodType<string | null> }>
}
type Item<T extends Asks> = Answer<T>["items"][number]

interface Known<T extends Asks> {
  readonly items: readonly Item<T>[]
  /** What the first page was told with: its point, and counts where there are any. */
  readonly first: Answer<T> | undefined
  readonly next: string | null
  readonly error: Error | undefined
}

export interface Pages<T extends Asks> extends Known<T> {
  /** A signal, so that asking draws nothing anew but what says so. */
  readonly isLoading: ReadonlySignal<boolean>
}

/** More than a screen has, so that another point is soon painted. */
const perPage = 100
/** Of what is scrolled to: so few that taking them in is not felt. */
const onwards = 300
const mostPerPage = 1_000

/** @param input undefined asks nothing yet */
export function usePages<T extends Asks>(
  operation: Asked<T>,
  input: Input<T> | undefined,
): { readonly pages: Pages<T>; readonly more: () => void } {
  const own = (input as { at?: string } | undefined)?.at
  const { known, isLoading, say } = useAsking<Known<T>>(
    { items: [], first: undefined, next: null, error: undefined },
    {
      about: input === undefined ? undefined : JSON.stringify([operation.name, input]),
      point: () => own ?? at.value,
    },
    async (point, before, signal) => {
      // What was scrolled through stays in sight when something new is told.
      const limit = Math.min(mostPerPage, Math.max(perPage, before.items.length))
      try {
        const first = await ask(
          operation,
          { ...(input as object), ...(point && { at: point }), limit } as Input<T>,
          signal,
        )
        return { ...listIn<T>(first), first, error: undefined }
      } catch (error) {
        const kept = error instanceof TypeError ? before : { ...before, items: [], next: null, first: undefined }
        return { ...kept, error: error as Error }
      }
    },
  )

  const load = async (cursor: string, before: Known<T>) => {
    try {
      const answer = await ask(operation, { ...(input as object), cursor, limit: onwards } as Input<T>)
      // Another list may have been asked for meanwhile.
      if (known.peek().first !== before.first) return
      const { items, next } = listIn<T>(answer)
      say({ ...before, items: [...before.items, ...items], next })
    } catch (error) {
      say({ ...before, error: error as Error })
    }
  }
  const more = () => {
    const before = known.peek()
    if (isLoading.peek() || before.next === null || before.error !== undefined) return
    isLoading.value = true
    void load(before.next, before)
  }
  return { pages: { ...known.value, isLoading }, more }
}

function listIn<T extends Asks>(
  answer: Answer<T>,
): { readonly items: readonly Item<T>[]; readonly next: string | null } {
  return answer
}
