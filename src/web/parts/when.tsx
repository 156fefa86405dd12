/** A moment, in the zone of whoever looks; in UTC, and how long before the point that is looked at, for who points at it. */
import { ago, localTime, utcTime } from "../time.js"

export function When({ at, short = false }: { readonly at: string; readonly short?: boolean }) {
  return (
    <time dateTime={at} title={`${utcTime(at)}${short ? ` · ${localTime(at)}` : ` · ${ago(at, Date.now())}`}`}>
      {short ? ago(at, Date.now()) : localTime(at)}
    </time>
  )
}
