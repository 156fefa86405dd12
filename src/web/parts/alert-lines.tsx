/** Alerts in a line each: how bad, what, and since when. */
import type { Answer } from "../ask.js"
import type { alerts } from "../operations.js"
import { hrefOf } from "../place.js"
import { When } from "./when.js"

interface AlertLinesProps {
  readonly items: Answer<NonNullable<typeof alerts.of>>["items"]
}

export function AlertLines({ items }: AlertLinesProps) {
  return (
    <ul class="lines">
      {items.map((alert) => (
        <li key={alert.id}>
          <span class={`tag ${alert.severity}`}>{alert.severity}</span>
          <a class="grow wrap" href={hrefOf(`/alerts/${alert.id}`)}>
            {alert.title}
          </a>
          <span class="soft">
            {alert.state === "open" ? "" : `${alert.state} · `}
            <When at={alert.raised.time} short />
          </span>
        </li>
      ))}
    </ul>
  )
}
