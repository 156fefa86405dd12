/** The points that the two handles turned out to be at, as the frame's own questions found them: every page's agree with them. */
import { signal } from "@preact/signals"
import type { At } from "../ask.js"
import type { Loaded } from "../use-answer.js"

export interface Resolved {
  readonly at: At | undefined
  /** Why there is no such point. */
  readonly problem: string | undefined
}

const unknown: Resolved = { at: undefined, problem: undefined }

export const resolved = signal(unknown)
/** Of what it is compared with. */
export const resolvedOther = signal(unknown)

export function resolvedBy({ answer, error }: Loaded<{ readonly at: At }>): Resolved {
  return { at: answer?.at, problem: error?.message }
}

export function compareNoMore(): void {
  resolvedOther.value = unknown
}
