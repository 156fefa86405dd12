/** Looks at each source when its time has come, until told to stop. The first look is at once. */
import { messageOf } from "#kernel/errors.js"
import { sleep } from "#kernel/sleep.js"
import type { Discovery } from "./discovery.js"
import type { Source } from "./observation.js"
import type { RunReport } from "./run.js"

export interface ScheduleEvents {
  readonly finished: (report: RunReport) => void
  readonly broken: (source: string, message: string) => void
}

export interface Schedule {
  /** Ends the waiting and the looks under way. */
  stop(): Promise<void>
}

export interface ScheduleRules {
  /** Milliseconds between the ends and starts of looks at a source. */
  readonly every: (source: string) => number
  /** Whether it is this instance that looks at a source, now. */
  readonly isOurs: (source: Source) => boolean
}

export function schedule(discovery: Discovery, { every, isOurs }: ScheduleRules, events: ScheduleEvents): Schedule {
  const abort = new AbortController()
  const { signal } = abort
  const loops = discovery.sources.map(async (source) => {
    while (!signal.aborted) {
      try {
        if (isOurs(source)) events.finished(await discovery.look(source, { actor: "system", signal }))
      } catch (error) {
        if (!signal.aborted) events.broken(source.name, messageOf(error))
      }
      await sleep(every(source.name), signal)
    }
  })
  return {
    async stop() {
      abort.abort()
      await Promise.all(loops)
    },
  }
}
