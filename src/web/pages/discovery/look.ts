/** A look that is asked for and followed until it has ended: a job of the server, which goes on though nobody watches. */
import { refusalIn } from "../../ask.js"
import { discover } from "../../operations.js"

export interface Running {
  readonly state: "running" | "done" | "failed" | "cancelled"
  readonly done: number
  readonly total: number
  readonly what: string
  readonly changes: number | undefined
}

interface Job {
  readonly id: string
  readonly state: Running["state"]
  readonly progress: { readonly done: number; readonly total: number; readonly what: string }
  readonly result: { readonly changes?: number } | null
  readonly problem: { readonly detail?: string } | null
}

/** @throws Refused, TypeError; Error with what went wrong in the look */
export async function look(source: string | undefined, tell: (now: Running) => void): Promise<void> {
  const started = await fetch(discover.path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(source === undefined ? {} : { source }),
  })
  let job = await jobIn(started)
  for (;;) {
    const { progress, state, result } = job
    tell({ ...progress, state, changes: result?.changes })
    if (state !== "running") break
    // It answers when something has changed, or after a while.
    job = await jobIn(await fetch(`/api/v1/jobs/${job.id}?wait`))
  }
  if (job.problem !== null) throw new Error(job.problem.detail ?? "the look failed")
}

async function jobIn(response: Response): Promise<Job> {
  if (!response.ok) throw await refusalIn(response)
  return (await response.json()) as Job
}
