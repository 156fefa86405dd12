/** What was answered to requests that may be sent again (Idempotency-Key), for a day. */
import { type Clock, epochMs, instant } from "#kernel/clock.js"
import type { Db } from "#sqlite/open.js"

export interface Answered {
  /** Digest of what was asked. */
  readonly asked: string
  /** Null as long as it is being done, and where it was cut off. */
  readonly status: number | null
  /** JSON; null of what is shown once. */
  readonly body: string | null
}

export type Answers = ReturnType<typeof answers>

const keptMs = 86_400_000

export function answers(db: Db, clock: Clock) {
  const find = db.prepare<[string], Answered>("SELECT asked, status, body FROM answered WHERE key = ?")
  const begin = db.prepare<[string, string, string]>(
    "INSERT INTO answered VALUES (?, ?, NULL, NULL, ?) ON CONFLICT DO NOTHING",
  )
  const end = db.prepare<[number, string | null, string]>("UPDATE answered SET status = ?, body = ? WHERE key = ?")
  const forget = db.prepare<[string]>("DELETE FROM answered WHERE key = ?")
  const forgetOld = db.prepare<[string]>("DELETE FROM answered WHERE at < ?")
  return {
    /** @returns what is known of the key already; undefined for who is the first to use it, and now has to end it */
    async begin(key: string, asked: string): Promise<Answered | undefined> {
      const now = clock.now()
      forgetOld.run(instant(epochMs(now) - keptMs))
      return begin.run(key, asked, now).changes === 1 ? undefined : find.get(key)
    },
    async end(key: string, status: number, body: string | null): Promise<void> {
      end.run(status, body, key)
    },
    /** It was not done. */
    async drop(key: string): Promise<void> {
      forget.run(key)
    },
  }
}
