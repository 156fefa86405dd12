/** An answer as a page uses it: at the point that is looked at, and kept on show while another is asked for. */
import type { ReadonlySignal } from "@preact/signals"
import type * as z from "zod"
import { type Answer, type Asked, type Input, ask } from "./ask.js"
import { at } from "./place.js"
import { useAsking } from "./use-asking.js"

interface Known<A> {
  readonly answer: A | undefined
  readonly error: Error | undefined
}

export interface Loaded<A> extends Known<A> {
  /** What is shown is of before. */
  readonly isLoading: ReadonlySignal<boolean>
}

interface Asks {
  readonly input: z.ZodType
  readonly output: z.ZodType
}

const nothing = { answer: undefined, error: undefined }

/**
 * @param input undefined asks nothing yet
 * @param atPoint false for what is of no moment
 */
export function useAnswer<T extends Asks>(
  operation: Asked<T>,
  input: Input<T> | undefined,
  { atPoint = true }: { readonly atPoint?: boolean } = {},
): Loaded<Answer<T>> {
  const { at: own, entity = "" } = (input ?? {}) as { readonly at?: string; readonly entity?: string }
  // What was of another thing is not shown in its place.
  const subject = `${operation.name} ${entity}`
  const asked = {
    about: input === undefined ? undefined : JSON.stringify([operation.name, input]),
    point: () => own ?? (atPoint ? at.value : undefined),
  }
  const { known, isLoading } = useAsking<Known<Answer<T>> & { readonly subject: string }>(
    { ...nothing, subject },
    asked,
    async (point, before, signal) => {
      try {
        const answer = await ask(operation, { ...(input as object), ...(point && { at: point }) } as Input<T>, signal)
        return { answer, error: undefined, subject }
      } catch (error) {
        // Who cannot be reached is asked again once the connection is back: until then what was known stands.
        const kept = error instanceof TypeError && before.subject === subject ? before.answer : undefined
        return { answer: kept, error: error as Error, subject }
      }
    },
  )
  const { answer, error } = known.value.subject === subject ? known.value : nothing
  return { answer, error, isLoading }
}
