/** Messages to channels: those that are owed, with when they are tried next, and those that were given up. What is taken leaves no row but the channel's account. */
import { FleetError } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface Delivery {
  readonly id: string
  readonly channel: string
  readonly group: string
  readonly severity: string
  /** Positions of the events that it tells of, in order. */
  readonly members: readonly Position[]
  /** When the first of them came. Milliseconds since the epoch, as are all times here. */
  readonly owedAt: number
  readonly attempts: number
  readonly nextAt: number
  readonly state: "owed" | "dead"
  /** Why the last attempt failed. */
  readonly error: string | null
}

/** How a channel is doing. */
export interface ChannelAccount {
  readonly name: string
  /** It is told of what was recorded after this. */
  readonly since: Position
  /** Nothing is tried before. */
  readonly nextAt: number
  /** Attempts in a row at which the receiver could not be reached at all, or wanted to be left alone. */
  readonly failures: number
  /** Messages that were taken; attempts that failed; messages that were given up. */
  readonly taken: number
  readonly failed: number
  readonly buried: number
  readonly lastSuccess: number | null
  readonly lastFailure: number | null
  readonly error: string | null
}

/** So long, and so many of a channel, what was given up can be sent after all. */
const keptMs = 30 * 86_400_000
const keptOfChannel = 1_000

export type Deliveries = ReturnType<typeof deliveries>

interface Row extends Omit<Delivery, "members"> {
  readonly members: string
}

/** @param keptSince the time, in ms since the epoch, before which none that was given up is kept; asked when it is opened, and whenever another one is */
export function deliveries(db: Db, keptSince: () => number) {
  const columns =
    'id, channel, grp AS "group", severity, members, owed_at AS owedAt, attempts, next_at AS nextAt, state, error'
  const enrol = db.prepare<[string, number]>("INSERT OR IGNORE INTO channels (name, since) VALUES (?, ?)")
  const since = db.prepare<[string], number>("SELECT since FROM channels WHERE name = ?").pluck()
  const accounts = db.prepare<[], ChannelAccount>(
    `SELECT name, since, next_at AS nextAt, failures, taken, failed, buried, last_success AS lastSuccess, last_failure AS lastFailure, error
     FROM channels ORDER BY name`,
  )
  const open = db.prepare<[string, number], Row>(
    `SELECT ${columns} FROM deliveries WHERE channel = ? AND state = 'owed' ORDER BY next_at, owed_at, id LIMIT ?`,
  )
  const one = db.prepare<[string], Row>(`SELECT ${columns} FROM deliveries WHERE id = ?`)
  const dead = db.prepare<[string | null, string | null, number, string, number], Row>(
    `SELECT ${columns} FROM deliveries WHERE state = 'dead' AND (? IS NULL OR channel = ?) AND (owed_at, id) > (?, ?) ORDER BY owed_at, id LIMIT ?`,
  )
  const counts = db.prepare<[], { readonly channel: string; readonly state: string; readonly count: number }>(
    "SELECT channel, state, count(*) AS count FROM deliveries GROUP BY channel, state",
  )
  const settle = db.prepare<[string]>("DELETE FROM outbox WHERE delivery = ?")
  const remove = db.prepare<[string]>("DELETE FROM deliveries WHERE id = ?")
  const success = db.prepare<[number, string]>(
    "UPDATE channels SET taken = taken + 1, failures = 0, next_at = 0, last_success = ? WHERE name = ?",
  )
  const again = db.prepare<[number, string, string]>(
    "UPDATE deliveries SET attempts = attempts + 1, next_at = ?, error = ? WHERE id = ?",
  )
  const failure = db.prepare<[number, string, string]>(
    "UPDATE channels SET failed = failed + 1, last_failure = ?, error = ? WHERE name = ?",
  )
  const hold = db.prepare<[number, number, string]>(
    "UPDATE channels SET failures = max(failures, ?), next_at = max(next_at, ?) WHERE name = ?",
  )
  const bury = db.prepare<[string, string]>(
    "UPDATE deliveries SET state = 'dead', attempts = attempts + 1, error = ? WHERE id = ?",
  )
  const removeDead = db.prepare<[number]>("DELETE FROM deliveries WHERE state = 'dead' AND owed_at < ?")
  const buried = db.prepare<[string]>("UPDATE channels SET buried = buried + 1 WHERE name = ?")
  const prune = db.prepare<[{ readonly channel: string; readonly before: number; readonly most: number }]>(
    `DELETE FROM deliveries WHERE channel = @channel AND state = 'dead' AND (owed_at < @before OR id NOT IN (
       SELECT id FROM deliveries WHERE channel = @channel AND state = 'dead' ORDER BY owed_at DESC, id DESC LIMIT @most))`,
  )
  const hasten = db.prepare<[number, string]>("UPDATE deliveries SET attempts = 0, next_at = ? WHERE id = ?")
  const release = db.prepare<[string]>("UPDATE channels SET next_at = 0 WHERE name = ?")
  const beyond = db.prepare<[number], string>(
    "SELECT id FROM deliveries WHERE EXISTS (SELECT 1 FROM json_each(members) WHERE value > ?)",
  )
  const restart = db.prepare<[number]>("UPDATE channels SET since = min(since, ?)")
  const taken = db.transaction(({ id, channel }: Delivery, now: number) => {
    settle.run(id)
    remove.run(id)
    success.run(now, channel)
  })
  const failedOnce = db.transaction(
    ({ id, channel: name }: Delivery, { error, nextAt, channel }: Failure, now: number) => {
      again.run(nextAt, error, id)
      failure.run(now, error, name)
      if (channel !== undefined) hold.run(channel.failures, channel.nextAt, name)
    },
  )
  const givenUp = db.transaction(({ id, channel }: Delivery, error: string, now: number) => {
    removeDead.run(keptSince())
    settle.run(id)
    bury.run(error, id)
    failure.run(now, error, channel)
    buried.run(channel)
    prune.run({ channel, before: now - keptMs, most: keptOfChannel })
  })
  const hastened = db.transaction(({ id, channel }: Delivery, now: number) => {
    hasten.run(now, id)
    release.run(channel)
  })
  const forgetBehind = db.transaction((head: number) => {
    for (const id of beyond.all(head)) remove.run(id)
    restart.run(head)
  })
  removeDead.run(keptSince())
  return {
    /** Makes a channel known. One that is new is told of what comes after `head`: what has been is no news. */
    async enrol(channel: string, head: Position): Promise<void> {
      enrol.run(channel, head)
    },
    since: (channel: string): Position | undefined => since.get(channel) as Position | undefined,
    accounts: async (): Promise<readonly ChannelAccount[]> => accounts.all(),
    /** Those of a channel that are owed, the next ones first. */
    owed: async (channel: string, limit: number): Promise<readonly Delivery[]> =>
      open.all(channel, limit).map(deliveryOf),
    /** It was taken: nothing of it is owed any more. */
    taken: async (delivery: Delivery, now: number): Promise<void> => taken.immediate(delivery, now),
    /** It was not, and is tried again. */
    failed: async (delivery: Delivery, failed: Failure, now: number): Promise<void> =>
      failedOnce.immediate(delivery, failed, now),
    /** It is given up, until somebody says otherwise; what waits behind it goes on. */
    bury: async (delivery: Delivery, error: string, now: number): Promise<void> =>
      givenUp.immediate(delivery, error, now),
    /** Those that were given up, oldest first; of all channels or one. */
    dead: async (
      after: { readonly owedAt: number; readonly id: string },
      limit: number,
      channel: string | null = null,
    ): Promise<readonly Delivery[]> => dead.all(channel, channel, after.owedAt, after.id, limit).map(deliveryOf),
    /** One that is owed or was given up. @throws FleetError `NotFound` */
    async find(id: string): Promise<Delivery> {
      const row = one.get(id)
      if (row !== undefined) return deliveryOf(row)
      throw new FleetError("NotFound", `no message "${id.slice(0, 80)}" is owed or was given up`)
    },
    /** Has one that waits tried now, whatever its channel waits for. */
    hasten: async (delivery: Delivery, now: number): Promise<void> => hastened.immediate(delivery, now),
    /** Has a channel tried now. */
    async release(channel: string): Promise<void> {
      release.run(channel)
    },
    /** Forgets what a channel was given up for too long ago. */
    async prune(channel: string, now: number): Promise<void> {
      prune.run({ channel, before: now - keptMs, most: keptOfChannel })
    },
    /** Messages of each channel, by state. */
    counts: async (): Promise<
      readonly { readonly channel: string; readonly state: string; readonly count: number }[]
    > => counts.all(),
    /** Forgets what is about events that are no more: the ledger was restored and ends at `head`. */
    forgetBehind: async (head: Position): Promise<void> => forgetBehind.immediate(head),
  }
}

export interface Failure {
  readonly error: string
  readonly nextAt: number
  /** Where it is the channel's: how often in a row by now, and before when nothing else is to be tried with it. */
  readonly channel?: { readonly failures: number; readonly nextAt: number }
}

function deliveryOf(row: Row): Delivery {
  return { ...row, members: JSON.parse(row.members) as Position[] }
}
