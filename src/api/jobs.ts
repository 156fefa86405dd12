/** Jobs that this process runs or ran: started by a request, watched and cancelled by others. */
import * as crypto from "node:crypto"
import { FleetError } from "#kernel/errors.js"
import type { Progress } from "#operations/define.js"
import { type Problem, problemOf } from "./problem.js"

export interface Job {
  readonly id: string
  readonly operation: string
  readonly state: "running" | "done" | "failed" | "cancelled"
  readonly progress: { readonly done: number; readonly total: number; readonly what: string }
  readonly result: object | null
  readonly problem: Problem | null
}

/** Jobs remembered after they ended. */
const remembered = 100

export class Jobs {
  readonly #jobs = new Map<string, { job: Job; readonly abort: AbortController; waiting: (() => void)[] }>()

  start(operation: string, run: (signal: AbortSignal, progress: Progress) => Promise<object>): Job {
    const id = crypto.randomUUID()
    const abort = new AbortController()
    const first: Job = {
      id,
      operation,
      state: "running",
      progress: { done: 0, total: 0, what: "" },
      result: null,
      problem: null,
    }
    this.#jobs.set(id, { job: first, abort, waiting: [] })
    this.#forget()
    run(abort.signal, (done, total, what) => this.#change(id, { progress: { done, total, what } })).then(
      (result) => this.#change(id, { state: "done", result }),
      (error: unknown) => {
        const state = error instanceof FleetError && error.code === "Cancelled" ? "cancelled" : "failed"
        this.#change(id, { state, problem: problemOf(error) })
      },
    )
    return first
  }

  /** @throws FleetError `NotFound` */
  get(id: string): Job {
    return this.#entry(id).job
  }

  /** The job after its next change, or as it is when `ms` have passed. */
  async next(id: string, ms: number): Promise<Job> {
    const entry = this.#entry(id)
    if (entry.job.state !== "running") return entry.job
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      entry.waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    return entry.job
  }

  cancel(id: string): Job {
    this.#entry(id).abort.abort()
    return this.get(id)
  }

  cancelAll(): void {
    for (const { abort } of this.#jobs.values()) abort.abort()
  }

  #entry(id: string) {
    const entry = this.#jobs.get(id)
    if (entry === undefined) throw new FleetError("NotFound", `there is no job "${id.slice(0, 80)}"`)
    return entry
  }

  #change(id: string, change: Partial<Job>): void {
    const entry = this.#jobs.get(id)
    if (entry === undefined) return
    entry.job = { ...entry.job, ...change }
    for (const wake of entry.waiting.splice(0)) wake()
  }

  #forget(): void {
    for (const [id, { job }] of this.#jobs) {
      if (this.#jobs.size <= remembered) return
      if (job.state !== "running") this.#jobs.delete(id)
    }
  }
}
