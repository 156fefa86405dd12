/** Looks at each source when its time has come, until told to stop. The first look is at once. */
import { messageOf } from "#kernel/errors.js"
import { sleep } from "#kernel/sleep.js"
import type { Discovery } from "./discovery.js"
import type { RunReport } from "./run.js"

export interface ScheduleEvents {
  readonly finished: (report: RunReport) => void
  readonly broken: (source: string, message: string) => void
}

export interface Schedule {
  /** Ends the waiting and the looks under way. */
  stop(): Promise<void>
}

/** @param every milliseconds between the ends and starts of looks at a source */
export function schedule(discovery: Discovery, every: (source: string) => number, events: ScheduleEvents): Schedule {
  const abort = new AbortController()
  const { signal } = abort
  const loops = discovery.sources.map(async (source) => {
    while (!signal.aborted) {
      try {
        events.finished(await discovery.look(source, { actor: "system", signal }))
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
