/**
 * Tries each check when its time has come, until told to stop. The first try is at once; then checks do not keep step with one another. What there is to check is found out again
 * whenever the ledger has moved.
 */
import pLimit from "p-limit"
import { messageOf } from "#kernel/errors.js"
import { type Sleep, sleep as sleepFor } from "#kernel/sleep.js"
import type { Attempt, Checks } from "./checks.js"
import type { Instance } from "./instances.js"

export interface ScheduleRules {
  /** Whether it is this instance of the program that checks, now. */
  readonly isOurs: () => boolean
  /** From 0 to 1. */
  readonly random?: () => number
  readonly sleep?: Sleep
}

export interface ScheduleEvents {
  readonly changed: (attempt: Attempt) => void
  /** @param check its name; undefined where it could not be found out what there is to check */
  readonly broken: (check: string | undefined, message: string) => void
}

export interface CheckSchedule {
  /** Ends the waiting and the tries under way. */
  stop(): Promise<void>
}

/** The time between two tries is this share longer or shorter, at most. */
const jitter = 0.1
/** How soon what is new is checked. */
const settleMs = 5_000
const actor = "system"

interface Loop {
  instance: Instance
  readonly abort: AbortController
  readonly ended: Promise<void>
}

export function scheduleChecks(
  checks: Pick<Checks, "attempt" | "settle" | "every" | "together">,
  { isOurs, random = Math.random, sleep = sleepFor }: ScheduleRules,
  events: ScheduleEvents,
): CheckSchedule {
  const abort = new AbortController()
  const limit = pLimit(checks.together)
  const loops = new Map<string, Loop>()

  const keepTrying = async (id: string, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const { instance } = loops.get(id) as Loop
      try {
        const attempt = await limit(async () =>
          signal.aborted || !isOurs() ? undefined : checks.attempt(instance, { actor, signal }),
        )
        if (attempt?.changed === true) events.changed(attempt)
      } catch (error) {
        if (!signal.aborted) events.broken(instance.check.name, messageOf(error))
      }
      await sleep(checks.every(instance.check) * (1 + jitter * (2 * random() - 1)), signal)
    }
  }

  const begin = (instance: Instance): void => {
    const own = new AbortController()
    // It finds itself in the map when it begins.
    const ended = Promise.resolve().then(() => keepTrying(instance.id, own.signal))
    loops.set(instance.id, { instance, abort: own, ended })
  }

  const end = async (id: string): Promise<void> => {
    const loop = loops.get(id)
    loop?.abort.abort()
    await loop?.ended
    loops.delete(id)
  }

  const follow = (instances: readonly Instance[]): void => {
    const wanted = new Set(instances.map(({ id }) => id))
    for (const [id, { abort: own }] of loops) if (!wanted.has(id)) own.abort()
    for (const instance of instances) {
      const loop = loops.get(instance.id)
      if (loop === undefined) begin(instance)
      else loop.instance = instance
    }
  }

  const keepSettled = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      try {
        if (isOurs()) follow(await checks.settle(actor))
      } catch (error) {
        if (!abort.signal.aborted) events.broken(undefined, messageOf(error))
      }
      await Promise.all([...loops].flatMap(([id, loop]) => (loop.abort.signal.aborted ? [end(id)] : [])))
      await sleep(settleMs, abort.signal)
    }
    await Promise.all([...loops.keys()].map(end))
  }
  const work = keepSettled()

  return {
    async stop() {
      abort.abort()
      await work
    },
  }
}
