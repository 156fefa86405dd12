/**
 * What is owed to channels and has not become a message yet, or has and is not taken yet: a row for each channel and event of an alert. A row goes when its
 * message is taken or buried, so of one alert and channel the oldest row is what may be told next, and everything behind it waits.
 */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface Owed {
  /** By channel and event: the same again is the same. */
  readonly id: string
  readonly channel: string
  readonly alert: string
  /** Of the event that is told. */
  readonly position: Position
  /** Rows of one group may be told in one message. */
  readonly group: string
  readonly severity: string
  /** Milliseconds since the epoch, as are all times here. */
  readonly arrivedAt: number
}

/** Rows of one group that are in no message, and when the first and the last of them came. */
export interface Waiting {
  readonly group: string
  readonly first: number
  readonly last: number
}

export type Outbox = ReturnType<typeof outbox>

export function outbox(db: Db) {
  const add = db.prepare<[string, string, string, number, string, string, number]>(
    "INSERT OR IGNORE INTO outbox (id, channel, alert, position, grp, severity, arrived_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
  )
  const waiting = db.prepare<[string], Waiting>(
    `SELECT grp AS "group", min(arrived_at) AS first, max(arrived_at) AS last FROM outbox
     WHERE channel = ? AND delivery IS NULL GROUP BY grp ORDER BY first, grp`,
  )
  const ready = db.prepare<[string, string, number], Omit<Owed, "channel" | "group">>(
    `SELECT id, alert, position, severity, arrived_at AS arrivedAt FROM outbox o
     WHERE channel = ? AND grp = ? AND delivery IS NULL
       AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.channel = o.channel AND b.alert = o.alert AND b.no < o.no)
     ORDER BY no LIMIT ?`,
  )
  const assign = db.prepare<[string, string]>("UPDATE outbox SET delivery = ? WHERE id = ?")
  const find = db.prepare<[string], { readonly members: string }>("SELECT members FROM deliveries WHERE id = ?")
  const put = db.prepare<[string, string, string, string, string, number, number]>(
    `INSERT INTO deliveries (id, channel, grp, severity, members, owed_at, next_at, attempts, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, 0, 'owed')
     ON CONFLICT (id) DO UPDATE SET members = excluded.members, severity = excluded.severity, next_at = excluded.next_at, attempts = 0, state = 'owed'`,
  )
  const owes = db
    .prepare<[string, string], number>("SELECT 1 FROM outbox WHERE channel = ? AND alert = ? LIMIT 1")
    .pluck()
  const counts = db.prepare<[], { readonly channel: string; readonly count: number }>(
    "SELECT channel, count(*) AS count FROM outbox GROUP BY channel",
  )
  const forget = db.prepare<[number]>("DELETE FROM outbox WHERE position > ?")
  const form = db.transaction((channel: string, group: string, most: number, now: number): boolean => {
    const rows = ready.all(channel, group, most)
    const [first] = rows
    if (first === undefined) return false
    // One that was buried and is owed again, because somebody wants it replayed, takes its former members along.
    const former = find.get(first.id)
    const before = former === undefined ? [] : (JSON.parse(former.members) as number[])
    const members = [...new Set([...before, ...rows.map(({ position }) => position)])].sort((a, b) => a - b)
    const severity = rows.some((row) => row.severity === "critical") ? "critical" : first.severity
    put.run(first.id, channel, group, severity, JSON.stringify(members), first.arrivedAt, now)
    for (const { id } of rows) assign.run(first.id, id)
    return true
  })
  return {
    /** Owes it, unless it is owed already. Meant for `keep` of a handler: at once, in the transaction that is under way. */
    owe({ id, channel, alert, position, group, severity, arrivedAt }: Owed): void {
      add.run(id, channel, alert, position, group, severity, arrivedAt)
    },
    /** Whether anything of an alert is owed to a channel. */
    owes: (channel: string, alert: string): boolean => owes.get(channel, alert) !== undefined,
    waiting: async (channel: string): Promise<readonly Waiting[]> => waiting.all(channel),
    /** Makes a message of what is ready in a group, which is known by its first row. @returns whether there was something */
    form: async (channel: string, group: string, most: number, now: number): Promise<boolean> =>
      form.immediate(channel, group, most, now),
    /** Rows of each channel that are not taken yet. */
    counts: async (): Promise<ReadonlyMap<string, number>> =>
      new Map(counts.all().map(({ channel, count }) => [channel, count])),
    /** Forgets what is about events that are no more: the ledger was restored and ends at `head`. */
    async forgetBehind(head: Position): Promise<void> {
      forget.run(head)
    },
  }
}
