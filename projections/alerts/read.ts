/** Alerts as they stood at a position, and as those who decide on them know them: by what caused them. */
import type { AlertAbout, AlertSeverity } from "#events/alert.js"
import type { Instant } from "#kernel/clock.js"
import type { Point, Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

/** Silenced goes before acknowledged: nobody is told. */
export const alertStates = ["open", "acknowledged", "silenced", "resolved"] as const
export type AlertState = (typeof alertStates)[number]

export interface Alert {
  readonly id: string
  readonly rule: string
  /** As it is told now: an escalation may have raised it. */
  readonly severity: AlertSeverity
  readonly title: string
  readonly about: AlertAbout
  /** How many things it stands for. */
  readonly count: number
  /** Position of the event that it was found at. */
  readonly cause: Position
  readonly raised: Point
  readonly state: AlertState
  /** Since when it stands like that, but for a silence that ended by the clock. */
  readonly since: Point
  /** Of its escalation, 0 before the first. */
  readonly step: number
  readonly acknowledgedBy: string | null
  readonly silencedUntil: Instant | null
  /** How it was resolved: it was mended, by somebody's word, or as what it was about is no more. */
  readonly resolved: "mended" | "hand" | "withdrawn" | null
}

export interface AmongAlerts {
  readonly point: Point
  /** Those that are not resolved, unless said otherwise. */
  readonly state?: AlertState | undefined
  readonly includeResolved?: boolean
  readonly rule?: string | undefined
  readonly severity?: AlertSeverity | undefined
  /** Ids of entities. */
  readonly about?: readonly string[] | undefined
  /** Exclusive: raised before that position. */
  readonly before?: Position | undefined
  readonly limit: number
}

export interface AlertCount {
  readonly severity: AlertSeverity
  readonly state: AlertState
  readonly count: number
}

/** An alert that nothing has resolved yet. */
export interface OpenAlert {
  readonly id: string
  readonly rule: string
  readonly about: AlertAbout
  readonly count: number
  readonly cause: Position
}

interface OpenRow extends Omit<OpenAlert, "about"> {
  readonly about: string
}

interface Row extends Omit<Alert, "about" | "raised" | "since"> {
  readonly about: string
  readonly raised: Position
  readonly raisedAt: Instant
  readonly since: Position
  readonly time: Instant
}

const columns = `a.id, rule, severity, title, about, count, cause, raised, raised_at AS raisedAt, since, time, step, acknowledged_by AS acknowledgedBy,
  silenced_until AS silencedUntil, resolved,
  CASE WHEN resolved IS NOT NULL THEN 'resolved' WHEN silenced_until > $time THEN 'silenced'
    WHEN acknowledged_by IS NOT NULL THEN 'acknowledged' ELSE 'open' END AS state`
const stands = "s.since <= $at AND (s.until IS NULL OR s.until > $at)"
/** Whatever was appended since: what was caused by earlier events, and what people said before. Of those that are over only the last are gone through. */
const openBefore = (which: string) =>
  ["over IS NULL", "over >= $before"]
    .map((end) => `SELECT id, rule, about, count, cause FROM alerts WHERE ${which} AND cause < $before AND ${end}`)
    .join(" UNION ALL ")

export type AlertsReader = ReturnType<typeof alertsReader>

export function alertsReader(db: Db) {
  const page = db.prepare<object, Row>(
    `SELECT * FROM (SELECT ${columns}, about_id FROM alerts a JOIN alert_states s ON s.id = a.id AND ${stands}
       WHERE raised <= $at AND raised < $before AND ($rule IS NULL OR rule = $rule))
     WHERE ($state IS NULL OR state = $state) AND ($resolved = 1 OR state <> 'resolved') AND ($severity IS NULL OR severity = $severity)
       AND ($about IS NULL OR about_id IN (SELECT value FROM json_each($about)))
     ORDER BY raised DESC LIMIT $limit`,
  )
  const counts = db.prepare<object, AlertCount>(
    `SELECT severity, state, count(*) AS count FROM (SELECT ${columns} FROM alerts a JOIN alert_states s ON s.id = a.id AND ${stands}
       WHERE raised <= $at AND resolved IS NULL) GROUP BY severity, state`,
  )
  const one = db.prepare<object, Row>(
    `SELECT ${columns} FROM alerts a JOIN alert_states s ON s.id = a.id AND ${stands} WHERE a.id = $id AND raised <= $at`,
  )
  const begins = db
    .prepare<object, string>(
      "SELECT id FROM alerts WHERE id >= $prefix AND id < $prefix || '~' AND raised <= $at ORDER BY id LIMIT $limit",
    )
    .pluck()
  const open = db.prepare<object, OpenRow>(
    `${openBefore("rule = $rule AND subject = $subject")} ORDER BY cause DESC LIMIT 1`,
  )
  const openOf = db.prepare<object, OpenRow>(`${openBefore("rule = $rule")} ORDER BY cause, id`)
  const openAbout = db.prepare<object, OpenRow>(openBefore("about_id = $about"))
  const known = db
    .prepare<[string], string>("SELECT id FROM alerts WHERE id IN (SELECT value FROM json_each(?))")
    .pluck()
  const causes = db
    .prepare<object, number>(
      "SELECT count(*) FROM alerts WHERE rule = $rule AND subject = $subject AND cause > $after AND cause < $before",
    )
    .pluck()

  return {
    /** How many are not resolved, of each severity and state. */
    counts: async ({ position, time }: Point): Promise<readonly AlertCount[]> => counts.all({ at: position, time }),

    /** Newest first. */
    async page({ point, state, includeResolved, rule, severity, about, before, limit }: AmongAlerts) {
      const rows = page.all({
        at: point.position,
        time: point.time,
        before: before ?? Number.MAX_SAFE_INTEGER,
        state: state ?? null,
        resolved: includeResolved === true || state === "resolved" ? 1 : 0,
        rule: rule ?? null,
        severity: severity ?? null,
        about: about === undefined ? null : JSON.stringify(about),
        limit,
      })
      return rows.map(alertOf)
    },

    /** Undefined where it was not raised by then. */
    async one(id: string, { position, time }: Point): Promise<Alert | undefined> {
      const row = one.get({ id, at: position, time })
      return row && alertOf(row)
    },

    /** Ids that begin so, of those that were raised by then. */
    beginning: async (prefix: string, at: Position, limit: number): Promise<readonly string[]> =>
      begins.all({ prefix, at, limit }),

    /** The one of a rule and subject that was open just before an event was handled, by what earlier events have caused. */
    async open(rule: string, subject: string, before: Position): Promise<OpenAlert | undefined> {
      const row = open.get({ rule, subject, before })
      return row && openAlert(row)
    },

    /** All of a rule, the oldest first. */
    openOf: async (rule: string, before: Position): Promise<readonly OpenAlert[]> =>
      openOf.all({ rule, before }).map(openAlert),

    /** All that are about an entity, of whatever rule, in no order. */
    openAbout: async (about: string, before: Position): Promise<readonly OpenAlert[]> =>
      openAbout.all({ about, before }).map(openAlert),

    /** Which of these were raised by the last position that is folded. */
    known: async (ids: readonly string[]): Promise<ReadonlySet<string>> => new Set(known.all(JSON.stringify(ids))),

    /** How often one of a rule and subject was raised because of an event between two positions, exclusive. */
    timesRaised: async (rule: string, subject: string, after: Position, before: Position): Promise<number> =>
      causes.get({ rule, subject, after, before }) ?? 0,
  }
}

function openAlert(row: OpenRow): OpenAlert {
  return { ...row, about: JSON.parse(row.about) as AlertAbout }
}

function alertOf({ about, raised, raisedAt, since, time, ...row }: Row): Alert {
  const { id, rule, severity, title, count, cause, state, step, acknowledgedBy, silencedUntil, resolved } = row
  return {
    id,
    rule,
    severity,
    title,
    about: JSON.parse(about) as AlertAbout,
    count,
    cause,
    raised: { position: raised, time: raisedAt },
    state,
    since: { position: since, time },
    step,
    acknowledgedBy,
    silencedUntil,
    resolved,
  }
}
