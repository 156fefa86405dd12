/** Our own form: JSON, in which texts are as they were recorded, for programs. */
import { type Message, type TellableAlert, headline, linkOf } from "../message.js"

export function webhookPayload(message: Message): object {
  const { id, state, rule, severity, count, alerts, home } = message
  return {
    id,
    type: `alert.${state}`,
    rule,
    severity,
    title: headline(message),
    count,
    alerts: alerts.map((alert) => alertOf(alert, home)),
    omitted: count - alerts.length,
  }
}

function alertOf(alert: TellableAlert, home: string): object {
  const { id, delivery, severity, title, about, count, position, raisedAt, at, by, reason } = alert
  return {
    id,
    delivery,
    severity,
    title,
    about,
    ...(count > 1 && { count }),
    position,
    raisedAt,
    at,
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
    link: linkOf(alert, home),
  }
}
