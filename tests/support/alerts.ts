/** Alerts as whoever raises them writes them, appended by hand. */
import type { FleetEvent, NewEvent } from "#events/catalog.js"
import { contentId } from "#kernel/ids.js"
import type { Ledger } from "#ledger/port.js"
import { observedAt, stream } from "./sample-events.js"

export const alertId = (name: string) => contentId(`alert ${name}`)

export interface Raising {
  readonly rule?: string
  readonly severity?: "warning" | "critical"
  readonly title?: string
}

/** Raises an alert about a machine of that name, which is also what the test knows the alert by. */
export async function raise(ledger: Ledger, name: string, { rule, severity, title }: Raising = {}): Promise<void> {
  await tell(ledger, name, {
    type: "AlertRaised",
    data: {
      rule: rule ?? "target-unreachable",
      severity: severity ?? "warning",
      title: title ?? `${name} cannot be reached`,
      about: { kind: "target", id: contentId(name), name },
      cause: 0,
    },
  })
}

export async function resolve(ledger: Ledger, name: string): Promise<void> {
  await tell(ledger, name, { type: "AlertResolved", data: { how: "mended" } })
}

export async function acknowledge(ledger: Ledger, name: string): Promise<void> {
  await tell(ledger, name, { type: "AlertAcknowledged", data: {} }, { actor: "user:ada", reason: "on it" })
}

export async function escalate(ledger: Ledger, name: string, step: number): Promise<void> {
  await tell(ledger, name, { type: "AlertEscalated", data: { step, severity: "critical" } })
}

async function tell(
  ledger: Ledger,
  name: string,
  event: FleetEvent,
  metadata: NewEvent["metadata"] = { actor: "handler:alerts" },
): Promise<void> {
  const on = stream(`alert-${alertId(name)}`)
  await ledger.append(on, await ledger.revisionOf(on), [{ ...event, metadata, observedAt }], event.type)
}
