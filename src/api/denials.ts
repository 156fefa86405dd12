/** Requests that were refused, counted by the minute, so that an auditor sees that somebody tried and nobody can fill the ledger by trying. */
import type { EventData } from "#events/catalog.js"
import type { Fleet } from "#fleet.js"
import { type Clock, type Instant, epochMs, instant } from "#kernel/clock.js"
import { appendToAccess } from "#operations/accounted.js"

const minuteMs = 60_000
const mostAddresses = 10
/** Counted one by one; the rest only in the sum. */
const mostCounted = 1_000

type Refused = EventData<"AccessDenied">["refused"]

const codes: Readonly<Record<number, keyof Refused>> = { 401: "Unauthorized", 403: "Forbidden", 429: "RateLimited" }

interface Minute {
  readonly minute: Instant
  readonly refused: Record<keyof Refused, number>
  readonly addresses: Map<string, number>
}

export interface Denials {
  note(status: number, address: string): void
  /** Writes down what was not yet. */
  flush(): Promise<void>
}

/** @param failed is told when it cannot be written down; it is not tried again */
export function denials({ ledger, clock }: Pick<Fleet, "ledger" | "clock">, failed: (error: unknown) => void): Denials {
  let open: Minute | undefined
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const flush = (): Promise<void> => {
    clearTimeout(timer)
    const minute = open
    open = undefined
    if (minute === undefined) return writing
    const addresses = [...minute.addresses].toSorted(([, a], [, b]) => b - a).slice(0, mostAddresses)
    const data = { ...minute, addresses: addresses.map(([address]) => address) }
    const event = { type: "AccessDenied", data, metadata: { actor: "system" }, observedAt: clock.now() } as const
    writing = writing.then(() => appendToAccess({ ledger }, event)).catch(failed)
    return writing
  }

  return {
    note(status, address) {
      const code = codes[status]
      if (code === undefined) return
      const minute = minuteOf(clock)
      if (open !== undefined && open.minute !== minute) void flush()
      if (open === undefined) {
        open = { minute, refused: { Unauthorized: 0, Forbidden: 0, RateLimited: 0 }, addresses: new Map() }
        timer = setTimeout(() => void flush(), minuteMs).unref()
      }
      open.refused[code] += 1
      if (open.addresses.has(address) || open.addresses.size < mostCounted)
        open.addresses.set(address, (open.addresses.get(address) ?? 0) + 1)
    },
    flush,
  }
}

function minuteOf(clock: Clock): Instant {
  const now = epochMs(clock.now())
  return instant(now - (now % minuteMs))
}
