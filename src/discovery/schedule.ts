/**
 * Looks at each source when its time has come, or as soon as it says that something changed, until told to stop. The first look is at once. Sources do not
 * keep step with one another, and one that fails is looked at less and less often.
 */
import { messageOf } from "#kernel/errors.js"
import { type Sleep, sleep as sleepFor } from "#kernel/sleep.js"
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
  /** From 0 to 1. */
  readonly random?: () => number
  readonly sleep?: Sleep
}

/** The time between two looks is this share longer or shorter, at most. */
const jitter = 0.1
/** A source that keeps failing is looked at that often at least. */
const longestMs = 3_600_000

/** What looks, and what there is to look at. */
export type Looking = Pick<Discovery, "sources" | "look">

export function schedule(discovery: Looking, rules: ScheduleRules, events: ScheduleEvents): Schedule {
  const abort = new AbortController()
  const { signal } = abort
  const loops = discovery.sources.map((source) => keepLooking(source, discovery, rules, events, signal))
  return {
    async stop() {
      abort.abort()
      await Promise.all(loops)
    },
  }
}

async function keepLooking(
  source: Source,
  discovery: Looking,
  { every, isOurs, random = Math.random, sleep = sleepFor }: ScheduleRules,
  events: ScheduleEvents,
  signal: AbortSignal,
): Promise<void> {
  const news = follow(source, signal)
  let failures = 0
  while (!signal.aborted) {
    news.renew()
    try {
      if (isOurs(source)) {
        const report = await discovery.look(source, { actor: "system", signal })
        failures = report.outcome === "failed" ? failures + 1 : 0
        events.finished(report)
      }
    } catch (error) {
      failures += 1
      if (!signal.aborted) events.broken(source.name, messageOf(error))
    }
    const regular = every(source.name)
    const wait = Math.min(regular * 2 ** failures, Math.max(regular, longestMs))
    await sleep(wait * (1 + jitter * (2 * random() - 1)), news.signal)
  }
  await news.ended
}

interface News {
  /** Aborts at the first news since it was renewed, and when all is over. */
  readonly signal: AbortSignal
  renew(): void
  readonly ended: Promise<void>
}

/** What a source itself says of changes; where it says nothing, or can't be followed, its time comes in any case. */
function follow(source: Source, signal: AbortSignal): News {
  let fresh = new AbortController()
  const listen = async () => {
    for await (const _ of source.changes?.(signal) ?? []) fresh.abort()
  }
  return {
    get signal() {
      return AbortSignal.any([signal, fresh.signal])
    },
    renew() {
      if (fresh.signal.aborted) fresh = new AbortController()
    },
    ended: listen().catch(() => undefined),
  }
}
