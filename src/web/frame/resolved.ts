/** The point that what was asked for turned out to be: of the frame's own question, which every page's agree with. */
import { signal } from "@preact/signals"
import type { At } from "../ask.js"

export const resolved = signal<At | undefined>(undefined)
/** Why there is no point that it could be compared with. */
export const otherProblem = signal<string | undefined>(undefined)
