/** A moment, in the zone of whoever looks; in UTC, and how far it is from the point that is looked at, for who points at it. */
import { resolved } from "../frame/resolved.js"
import { isPast } from "../place.js"
import { ago, fromThen, localTime, utcTime } from "../time.js"

interface WhenProps {
  readonly at: string
  /** How far it is. */
  readonly short?: boolean
  /** Its day is said above it. */
  readonly ofDay?: boolean
}

export function When({ at, short = false, ofDay = false }: WhenProps) {
  const then = isPast.value ? resolved.value.at : undefined
  const distance = then === undefined ? ago(at, Date.now()) : fromThen(at, Date.parse(then.time))
  const time = localTime(at)
  const [text, other] = short
    ? [distance, time]
    : ofDay
      ? [time.slice("2026-11-23 ".length), `${time} · ${distance}`]
      : [time, distance]
  return (
    <time dateTime={at} title={`${utcTime(at)} · ${other}`}>
      {text}
    </time>
  )
}
