/**
 * What is owed to channels and has not become a message yet, or has and is not taken yet: a row for each channel and event of an alert. A row goes when its
 * message is taken or buried, so of one alert and channel the oldest row is what may be told next, and everything behind it waits.
 */
import { contentId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import type { Delivery } from "./deliveries.js"

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

/** What a message is known by: it says exactly what is told in it, so who has one has not got less than another of that name tells. */
function messageId(rows: readonly { readonly id: string }[]): string {
  const [first] = rows
  return rows.length === 1 && first !== undefined
    ? first.id
    : contentId(["message", ...rows.map(({ id }) => id)].join("\n"))
}

/** Rows of one group that are in no message, and when the first and the last of them came. */
export interface Waiting {
  readonly group: string
  readonly first: number
  readonly last: number
}

interface Grouped {
  readonly channel: string
  readonly group: string
}

interface Times {
  readonly owedAt: number
  readonly now: number
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
  const put = db.prepare<[string, string, string, string, string, number, number]>(
    `INSERT INTO deliveries (id, channel, grp, severity, members, owed_at, next_at, attempts, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, 0, 'owed')
     ON CONFLICT (id) DO UPDATE SET owed_at = excluded.owed_at, next_at = excluded.next_at, attempts = 0, state = 'owed'`,
  )
  const owes = db
    .prepare<[string, string], number>("SELECT 1 FROM outbox WHERE channel = ? AND alert = ? LIMIT 1")
    .pluck()
  const counts = db.prepare<[], { readonly channel: string; readonly count: number }>(
    "SELECT channel, count(*) AS count FROM outbox GROUP BY channel",
  )
  const forget = db.prepare<[number]>("DELETE FROM outbox WHERE position > ?")
  const since = db.prepare<[string, number], Owed>(
    `SELECT id, channel, alert, position, grp AS "group", severity, arrived_at AS arrivedAt FROM outbox
     WHERE channel = ? AND position >= ? ORDER BY no`,
  )
  const undo = db.prepare<[string, number]>("DELETE FROM outbox WHERE channel = ? AND position >= ?")
  const unsent = db.prepare<[string, number]>(
    `DELETE FROM deliveries WHERE channel = ? AND state = 'owed' AND EXISTS (SELECT 1 FROM json_each(members) WHERE value >= ?)`,
  )
  const dead = db.prepare<[string, number]>(
    `DELETE FROM deliveries WHERE channel = ? AND state = 'dead' AND NOT EXISTS (SELECT 1 FROM json_each(members) WHERE value < ?)`,
  )
  const release = db.prepare<[string]>(
    "UPDATE outbox SET delivery = NULL WHERE channel = ? AND delivery NOT IN (SELECT id FROM deliveries)",
  )
  const remove = db.prepare<[string]>("DELETE FROM deliveries WHERE id = ?")
  const owe = ({ id, channel, alert, position, group, severity, arrivedAt }: Owed): boolean =>
    add.run(id, channel, alert, position, group, severity, arrivedAt).changes === 1
  const make = (message: string, rows: readonly Omit<Owed, "channel" | "group">[], of: Grouped, at: Times) => {
    const [first] = rows
    if (first === undefined) return
    const members = [...new Set(rows.map(({ position }) => position))].sort((a, b) => a - b)
    const severity = rows.some((row) => row.severity === "critical") ? "critical" : first.severity
    put.run(message, of.channel, of.group, severity, JSON.stringify(members), at.owedAt, at.now)
    for (const { id } of rows) assign.run(message, id)
  }
  const form = db.transaction((channel: string, group: string, most: number, now: number): boolean => {
    const rows = ready.all(channel, group, most)
    const [first] = rows
    if (first === undefined) return false
    make(messageId(rows), rows, { channel, group }, { owedAt: first.arrivedAt, now })
    return true
  })
  const revived = db.transaction((former: Delivery, rows: readonly Owed[], now: number) => {
    remove.run(former.id)
    const owed = rows.filter(owe)
    make(owed.length === former.members.length ? former.id : messageId(owed), owed, former, { owedAt: now, now })
  })
  const replayed = db.transaction((channel: string, from: Position, rows: readonly Owed[]) => {
    const present = since.all(channel, from)
    undo.run(channel, from)
    unsent.run(channel, from)
    dead.run(channel, from)
    release.run(channel)
    const told = new Set(rows.map(({ position, group }) => `${position} ${group}`))
    const others = present.filter(({ position, group }) => !told.has(`${position} ${group}`))
    for (const row of [...rows, ...others].toSorted((a, b) => a.position - b.position)) owe(row)
  })
  return {
    /** Owes it, unless it is owed already. Meant for `keep` of a handler: at once, in the transaction that is under way. */
    owe(row: Owed): void {
      owe(row)
    },
    /** Whether anything of an alert is owed to a channel. */
    owes: (channel: string, alert: string): boolean => owes.get(channel, alert) !== undefined,
    waiting: async (channel: string): Promise<readonly Waiting[]> => waiting.all(channel),
    /** Makes a message of what is ready in a group. @returns whether there was something */
    form: async (channel: string, group: string, most: number, now: number): Promise<boolean> =>
      form.immediate(channel, group, most, now),
    /** Owes a message again that was given up, or of it what `rows` tell; under its id if that is all. Behind it waits what comes later. */
    revive: async (former: Delivery, rows: readonly Owed[], now: number): Promise<void> =>
      revived.immediate(former, rows, now),
    /** Owes all of this once more, in the place of what of it is owed or was given up, in the order of positions. Meant for a transaction that is under way. */
    replay(channel: string, from: Position, rows: readonly Owed[]): void {
      replayed(channel, from, rows)
    },
    /** Rows of each channel that are not taken yet. */
    counts: async (): Promise<ReadonlyMap<string, number>> =>
      new Map(counts.all().map(({ channel, count }) => [channel, count])),
    /** Forgets what is about events that are no more: the ledger was restored and ends at `head`. */
    async forgetBehind(head: Position): Promise<void> {
      forget.run(head)
    },
  }
}
