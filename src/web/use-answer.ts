/** An answer as a page uses it: asked at the point that is looked at, again when that moves or when something happened at now, and kept on show meanwhile. */
import { type ReadonlySignal, batch, useSignal } from "@preact/signals"
import { useLayoutEffect, useRef } from "preact/hooks"
import type * as z from "zod"
import { isStranger } from "./answers.js"
import { type Answer, type Asked, type Input, ask } from "./ask.js"
import { revision } from "./live.js"
import { usePace } from "./pace.js"
import { at } from "./place.js"
import { asking } from "./rounds.js"

interface Known<A> {
  readonly answer: A | undefined
  readonly error: Error | undefined
}

export interface Loaded<A> extends Known<A> {
  /** What is shown is of before. A signal, so that asking draws nothing anew but what says so. */
  readonly isLoading: ReadonlySignal<boolean>
}

interface Asks {
  readonly input: z.ZodType
  readonly output: z.ZodType
}

/**
 * @param input undefined asks nothing yet
 * @param atPoint false for what is of no moment
 */
export function useAnswer<T extends Asks>(
  operation: Asked<T>,
  input: Input<T> | undefined,
  { atPoint = true }: { readonly atPoint?: boolean } = {},
): Loaded<Answer<T>> {
  const known = useSignal<Known<Answer<T>>>({ answer: undefined, error: undefined })
  const isLoading = useSignal(true)
  const point = (input as { at?: string } | undefined)?.at ?? (atPoint ? at.value : undefined)
  const asked = input === undefined ? undefined : JSON.stringify([operation.name, input, point])
  const isOfNow = point === undefined || point === "now" || point.startsWith("-")
  const [round, pace] = usePace(isOfNow ? revision.value : 0)
  const stranger = isStranger.value
  // What was of another thing is not shown in its place.
  const subject = `${operation.name} ${(input as { entity?: string } | undefined)?.entity ?? ""}`
  const shown = useRef(subject)

  // Not after it is painted: what is asked for at once is there a frame sooner.
  useLayoutEffect(() => {
    if (input === undefined || stranger) return
    const abort = new AbortController()
    // What was said of it, be it that it is not there, stands until there is something new to say.
    if (shown.current !== subject) known.value = { answer: undefined, error: undefined }
    shown.current = subject
    isLoading.value = true
    const say = (answer: Answer<T> | undefined, error?: Error) =>
      batch(() => {
        known.value = { answer, error }
        isLoading.value = false
      })
    pace.begin()
    const answered = asking()
    const load = async () => {
      try {
        const answer = await ask(operation, { ...input, ...(point === undefined ? {} : { at: point }) }, abort.signal)
        if (!abort.signal.aborted) say(answer)
      } catch (error) {
        if (abort.signal.aborted) return
        // Who cannot be reached is asked again once the connection is back: until then what was known stands.
        const isAway = error instanceof TypeError
        say(isAway ? known.peek().answer : undefined, error as Error)
      } finally {
        answered()
        if (!abort.signal.aborted) pace.end()
      }
    }
    void load()
    return () => {
      abort.abort()
      answered()
      pace.end()
    }
  }, [asked, round, stranger])

  return { ...known.value, isLoading }
}
