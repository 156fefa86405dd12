/** The runs of each source as they stood at a position. */
import type { Coverage } from "#events/source.js"
import type { Instant } from "#kernel/clock.js"
import { recent } from "#kernel/recent.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

interface RunBase {
  readonly position: Position
  readonly source: string
  readonly runId: string | null
  readonly actor: string
  readonly startedAt: Instant
  readonly finishedAt: Instant
}

export type Run =
  | (RunBase & {
      readonly outcome: "completed"
      readonly coverage: Coverage
      readonly targets: number
      readonly services: number
      readonly changes: number
    })
  | (RunBase & { readonly outcome: "failed"; readonly code: string; readonly message: string })

interface LastCompleted {
  readonly source: string
  readonly finishedAt: Instant
  /** Native keys. */
  readonly failed: ReadonlySet<string>
}

export type RunsReader = ReturnType<typeof runsReader>

export function runsReader(db: Db) {
  const latest = db.prepare<{ at: number }, RunBase & { outcome: string; account: string }>(
    `SELECT position, source, outcome, run_id AS runId, actor, started_at AS startedAt, finished_at AS finishedAt, text AS account
     FROM runs r JOIN accounts ON no = account_no WHERE position = (SELECT max(position) FROM runs WHERE source = r.source AND position <= $at) ORDER BY source`,
  )
  const lastRun = db
    .prepare<[number], Position>("SELECT position FROM runs WHERE position <= ? ORDER BY position DESC LIMIT 1")
    .pluck()
  // By sources, which are few, and not by runs.
  const lastCompleted = db.prepare<{ at: number }, { source: string; finishedAt: Instant; account: string }>(
    `WITH RECURSIVE sources (name) AS (
       SELECT min(source) FROM runs
       UNION ALL SELECT (SELECT min(source) FROM runs WHERE source > name) FROM sources WHERE name IS NOT NULL)
     SELECT source, finished_at AS finishedAt, text AS account FROM sources s CROSS JOIN runs r ON r.position =
       (SELECT position FROM runs WHERE source = s.name AND outcome = 'completed' AND position <= $at ORDER BY position DESC LIMIT 1)
       JOIN accounts ON no = account_no`,
  )
  /** What was recorded of runs stays: all that is asked between two of them has one answer. */
  const completedBy = recent((run: Position | undefined): readonly LastCompleted[] =>
    run === undefined
      ? []
      : lastCompleted.all({ at: run }).map(({ source, finishedAt, account }) => {
          const { coverage } = JSON.parse(account) as { coverage: Coverage }
          return { source, finishedAt, failed: new Set((coverage.failed ?? []).map(({ target }) => target)) }
        }),
  )
  const lastSaw = db
    .prepare<{ source: string; target: string; at: number }, Instant>(
      `SELECT finished_at FROM runs r JOIN accounts ON no = account_no
       WHERE source = $source AND position <= $at AND outcome = 'completed'
         AND NOT EXISTS (SELECT 1 FROM json_each(text, '$.coverage.failed') f WHERE json_extract(f.value, '$.target') = $target)
       ORDER BY position DESC LIMIT 1`,
    )
    .pluck()
  const ended = db
    .prepare<{ id: string; at: number }, Position>(
      "SELECT position FROM runs WHERE run_id = $id AND position <= $at ORDER BY position DESC LIMIT 1",
    )
    .pluck()
  const last = db.prepare<{ at: number; limit: number }, { runId: string; source: string; finishedAt: Instant }>(
    `SELECT run_id AS runId, source, finished_at AS finishedAt FROM runs WHERE run_id IS NOT NULL AND position <= $at
     ORDER BY position DESC LIMIT $limit`,
  )
  return {
    /** The position that ends a run: that of its own account, behind everything that it changed. */
    ended: async (runId: string, at: Position): Promise<Position | undefined> => ended.get({ id: runId, at }),

    /** The last ones that are recorded, newest first. */
    last: async (at: Position, limit: number) => last.all({ at, limit }),

    /** When the last recorded run of a source ended that could look at one of its machines. */
    lastSaw: async (source: string, target: string, at: Position): Promise<Instant | undefined> =>
      lastSaw.get({ source, target, at }),

    /** Of every source the last recorded run by then that was completed: when it ended, and whom it could not look at. */
    async lastCompleted(at: Position): Promise<readonly LastCompleted[]> {
      return completedBy(lastRun.get(at))
    },

    /** The last recorded run of every source at a position. */
    async latest(at: Position): Promise<readonly Run[]> {
      return latest.all({ at }).map(({ account, ...run }) => ({ ...run, ...(JSON.parse(account) as object) }) as Run)
    },
  }
}
