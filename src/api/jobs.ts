/** Jobs that this process runs or ran: started by a request, watched and cancelled by others. */
import * as crypto from "node:crypto"
import { FleetError } from "#kernel/errors.js"
import type { Operation, Principal, Progress } from "#operations/define.js"
import { allows } from "#ops/tokens.js"
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
/** Running at once, of one asker: each may go through the whole ledger. */
const mostAtOnce = 8

interface Entry {
  job: Job
  readonly operation: Operation
  /** Who began it. */
  readonly by: string
  readonly abort: AbortController
  readonly waiting: Set<() => void>
}

export class Jobs {
  readonly #jobs = new Map<string, Entry>()

  /** @throws FleetError `RateLimited` */
  start(
    operation: Operation,
    { name: by }: Principal,
    run: (signal: AbortSignal, progress: Progress) => Promise<object>,
  ): Job {
    const running = [...this.#jobs.values()].filter((entry) => entry.by === by && entry.job.state === "running")
    if (running.length >= mostAtOnce)
      throw new FleetError("RateLimited", `${mostAtOnce} jobs of ${by} are running; begin another when one has ended`)
    const id = crypto.randomUUID()
    const abort = new AbortController()
    const first: Job = {
      id,
      operation: operation.name,
      state: "running",
      progress: { done: 0, total: 0, what: "" },
      result: null,
      problem: null,
    }
    this.#jobs.set(id, { job: first, operation, by, abort, waiting: new Set() })
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
      const wake = () => {
        clearTimeout(timer)
        entry.waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      entry.waiting.add(wake)
    })
    return entry.job
  }

  /** For whoever began it, and for those who may change something and begin such a one. @throws FleetError `NotFound`, `Forbidden` */
  cancel(id: string, { name, scope }: Principal): Job {
    const { operation, by, abort } = this.#entry(id)
    if (by !== name && !(allows(scope, "operate") && allows(scope, operation.scope)))
      throw new FleetError("Forbidden", `this job is of ${by}; ${name} has the scope "${scope}", and may not cancel it`)
    abort.abort()
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
    for (const wake of entry.waiting) wake()
  }

  #forget(): void {
    for (const [id, { job }] of this.#jobs) {
      if (this.#jobs.size <= remembered) return
      if (job.state !== "running") this.#jobs.delete(id)
    }
  }
}
