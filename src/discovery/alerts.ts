/** What discovery wants somebody to know at once: that it holds back what it will not believe, and that a host may be another one. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Position } from "#kernel/point.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import type { ViewsReader } from "#projections/views.js"
import type { Effect, Handler } from "#subscriptions/handler.js"

/** @param reached resolves when the views show everything up to a position */
export function discoveryAlerts(views: ViewsReader, reached: (position: Position) => Promise<void>): Handler {
  return {
    name: "discovery-alerts",
    types: ["DiscoveryCompleted", "HostKeyChanged"],
    async handle(event, { append }) {
      await reached(event.position)
      const alert = event.type === "HostKeyChanged" ? await hostKeyAlert(event, views) : await heldAlert(event, views)
      if (alert !== undefined) await append(alert)
    },
  }
}

/** Once, when it begins: accounts say it again every hour. */
async function heldAlert(event: RecordedEvent, views: ViewsReader): Promise<Effect | undefined> {
  if (event.type !== "DiscoveryCompleted" || event.data.coverage.held === undefined) return undefined
  const { source, coverage } = event.data
  const before = (await views.runs.latest((event.position - 1) as Position)).find((run) => run.source === source)
  if (before?.outcome === "completed" && before.coverage.held !== undefined) return undefined
  return {
    type: "AlertRaised",
    data: {
      rule: "mass-absence",
      severity: "critical",
      title: `${coverage.held} machines of "${source}" are missing at once; none was retired until somebody says that they are gone`,
      about: { kind: "source", name: source },
      cause: event.position,
    },
  }
}

async function hostKeyAlert(event: RecordedEvent, views: ViewsReader): Promise<Effect | undefined> {
  if (event.type !== "HostKeyChanged") return undefined
  const record = await views.inventory.record(recordOf(event.stream).id)
  const name = record?.nativeKey ?? event.stream
  return {
    type: "AlertRaised",
    data: {
      rule: "host-key-changed",
      severity: "critical",
      title: `${name} shows another host key than the one that is trusted: somebody else may be answering`.slice(
        0,
        1_000,
      ),
      about: { kind: "target", ...(record === undefined ? {} : { id: record.id, name }) },
      cause: event.position,
    },
  }
}
