/** When each source was last looked at, and which looks are under way. The ledger records a run only when its account changes; this is for who asks now. */
import type { Instant } from "#kernel/clock.js"
import type { RunId } from "#kernel/ids.js"
import type { Db } from "#sqlite/open.js"

export interface LastLook {
  readonly source: string
  readonly finishedAt: Instant
  readonly outcome: "completed" | "failed"
}

/** A look that has begun. One that is still here when a process starts was cut off with the one before. */
export interface LookUnderWay {
  readonly source: string
  readonly runId: RunId
  readonly actor: string
  readonly startedAt: Instant
}

export type Looks = ReturnType<typeof looks>

export function looks(db: Db) {
  const put = db.prepare<[string, string, string]>("INSERT OR REPLACE INTO looks VALUES (?, ?, ?)")
  const all = db.prepare<[], LastLook>("SELECT source, finished_at AS finishedAt, outcome FROM looks ORDER BY source")
  const begin = db.prepare<[string, string, string, string]>(
    "INSERT OR REPLACE INTO looks_under_way VALUES (?, ?, ?, ?)",
  )
  const end = db.prepare<[string]>("DELETE FROM looks_under_way WHERE source = ?")
  const underWay = db.prepare<[], LookUnderWay>(
    "SELECT source, run_id AS runId, actor, started_at AS startedAt FROM looks_under_way ORDER BY source",
  )
  const finish = db.transaction(({ source, finishedAt, outcome }: LastLook) => {
    put.run(source, finishedAt, outcome)
    end.run(source)
  })
  return {
    async begun({ source, runId, actor, startedAt }: LookUnderWay): Promise<void> {
      begin.run(source, runId, actor, startedAt)
    },
    async finished(look: LastLook): Promise<void> {
      finish.immediate(look)
    },
    /** It is not under way any more, and whoever has to be told of that was. */
    async ended(source: string): Promise<void> {
      end.run(source)
    },
    async underWay(): Promise<readonly LookUnderWay[]> {
      return underWay.all()
    },
    async all(): Promise<readonly LastLook[]> {
      return all.all()
    },
  }
}
