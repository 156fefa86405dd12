/** Work that the server does for as long as it takes, followed until it has ended: it goes on though nobody watches. */
import type * as z from "zod"
import { answerIn, fetched } from "./answers.js"
import type { Asked, Input } from "./ask.js"

export interface Progress {
  readonly state: "running" | "done" | "failed" | "cancelled"
  readonly done: number
  readonly total: number
  readonly what: string
}

interface Works {
  readonly input: z.ZodType
  readonly output: z.ZodType
}

interface Job<T extends Works> {
  readonly id: string
  readonly state: Progress["state"]
  readonly progress: Omit<Progress, "state">
  readonly result: z.output<T["output"]> | null
  readonly problem: { readonly detail?: string } | null
}

/**
 * @returns what came of it; undefined where somebody stopped it
 * @throws Refused, TypeError; Error with what went wrong in the work
 */
export async function followed<T extends Works>(
  { method, path }: Asked<T>,
  input: Input<T>,
  tell: (now: Progress) => void,
): Promise<z.output<T["output"]> | undefined> {
  const headers = { "content-type": "application/json" }
  let job = await jobIn<T>(await fetched(path, { method, headers, body: JSON.stringify(input) }))
  for (;;) {
    tell({ ...job.progress, state: job.state })
    if (job.state !== "running") break
    // It answers when something has changed, or after a while.
    job = await jobIn<T>(await fetched(`/api/v1/jobs/${job.id}?wait`))
  }
  if (job.problem !== null) throw new Error(job.problem.detail ?? "it failed")
  return job.result ?? undefined
}

async function jobIn<T extends Works>(response: Response): Promise<Job<T>> {
  return (await answerIn(response)) as Job<T>
}
