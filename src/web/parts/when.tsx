/** A moment, in the zone of whoever looks; in UTC, and how far it is from the point that is looked at, for who points at it. */
import { resolved } from "../frame/resolved.js"
import { isPast } from "../place.js"
import { ago, fromThen, localTime, utcTime } from "../time.js"

export function When({ at, short = false }: { readonly at: string; readonly short?: boolean }) {
  const then = isPast.value ? resolved.value : undefined
  const distance = then === undefined ? ago(at, Date.now()) : fromThen(at, Date.parse(then.time))
  const [text, other] = short ? [distance, localTime(at)] : [localTime(at), distance]
  return (
    <time dateTime={at} title={`${utcTime(at)} · ${other}`}>
      {text}
    </time>
  )
}
