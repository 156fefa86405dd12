/** A list as long as it is, fetched in pages as they come into sight: the server pages, always, and all pages are of the point of the first. */
import { type ReadonlySignal, batch, useSignal } from "@preact/signals"
import { useLayoutEffect } from "preact/hooks"
import type * as z from "zod"
import { isStranger } from "./answers.js"
import { type Answer, type Asked, type Input, ask } from "./ask.js"
import { revision } from "./live.js"
import { usePace } from "./pace.js"
import { at } from "./place.js"
import { asking } from "./rounds.js"

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
  const known = useSignal<Known<T>>({ items: [], first: undefined, next: null, error: undefined })
  const isLoading = useSignal(true)
  const point = (input as { at?: string } | undefined)?.at ?? at.value
  const asked = JSON.stringify([operation.name, input, point])
  const isOfNow = point === undefined || point === "now" || point.startsWith("-")
  const [round, pace] = usePace(isOfNow ? revision.value : 0)
  const stranger = isStranger.value
  const atPoint = point === undefined ? {} : { at: point }
  const say = (now: Known<T>) =>
    batch(() => {
      known.value = now
      isLoading.value = false
    })

  // Not after it is painted: what is asked for at once is there a frame sooner.
  useLayoutEffect(() => {
    if (stranger || input === undefined) return
    const abort = new AbortController()
    const before = known.peek()
    isLoading.value = true
    pace.begin()
    const answered = asking()
    // What was scrolled through stays in sight when something new is told.
    const limit = Math.min(mostPerPage, Math.max(perPage, before.items.length))
    const begin = async () => {
      try {
        const answer = await ask(operation, { ...(input as object), ...atPoint, limit } as Input<T>, abort.signal)
        if (!abort.signal.aborted) say({ ...listIn<T>(answer), first: answer, error: undefined })
      } catch (error) {
        if (abort.signal.aborted) return
        const kept = error instanceof TypeError ? before : { ...before, items: [], next: null, first: undefined }
        say({ ...kept, error: error as Error })
      } finally {
        answered()
        if (!abort.signal.aborted) pace.end()
      }
    }
    void begin()
    return () => {
      abort.abort()
      answered()
      pace.end()
    }
  }, [asked, round, stranger])

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
