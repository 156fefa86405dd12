/** A fleet whose alerts a test follows: what happens to it is appended as discovery and checks would, by a clock that stands still. */
import { tellDeadlines } from "#alerts/deadlines.js"
import type { FleetEvent, NewEvent, RecordedEvent } from "#events/catalog.js"
import type { Fleet } from "#fleet.js"
import { checkId, recordId } from "#kernel/ids.js"
import { origin } from "#kernel/point.js"
import { open } from "./folder-fleet.js"
import { stream } from "./sample-events.js"
import { tempFolder } from "./temp-folder.js"
import { TestClock } from "./test-clock.js"
import { until } from "./until.js"

export interface Alerting {
  readonly fleet: Fleet
  readonly clock: TestClock
  /** Appends to a stream, and waits until all that it brings about is there. */
  happens(on: string, ...events: FleetEvent[]): Promise<void>
  /** Moves the clock, tells of what is due then, and waits as long as that brings about more. */
  passes(ms: number): Promise<void>
  settled(): Promise<void>
  /** `<what> <rule> <about>`, in order; of an alert that goes on, what it began with. */
  told(): Promise<readonly string[]>
}

export async function alerting(configuration: object = {}, folder?: string): Promise<Alerting> {
  const clock = new TestClock()
  const fleet = await open(folder ?? (await tempFolder()), JSON.stringify(configuration), clock)
  const settled = () => isSettled(fleet)
  let number = 0
  return {
    fleet,
    clock,
    settled,
    async happens(on, ...events) {
      const metadata = { actor: "discovery", source: "here" }
      const whole = events.map((event): NewEvent => ({ ...event, metadata, observedAt: clock.now() }))
      await fleet.ledger.append(stream(on), await fleet.ledger.revisionOf(stream(on)), whole, `test ${number++}`)
      await settled()
    },
    async passes(ms) {
      clock.advance(ms)
      while ((await tellDeadlines(fleet)) > 0) await settled()
    },
    told: async () => tellings(await fleet.ledger.readAll({ after: origin, limit: 100_000 })),
  }
}

async function isSettled(fleet: Fleet): Promise<void> {
  await until(async () => (await fleet.subscriptions.list()).every(({ lag }) => lag === 0))
  await fleet.reached((await fleet.ledger.head()).position)
}

export function tellings(events: readonly RecordedEvent[]): readonly string[] {
  const begun = new Map<string, string>()
  return events.flatMap((event) => {
    if (event.type === "AlertRaised") {
      const { rule, about } = event.data
      begun.set(event.stream, `${rule} ${about.name}${about.part === undefined ? "" : ` ${about.part}`}`)
    }
    const what = event.type.startsWith("Alert") ? event.type.slice("Alert".length).toLowerCase() : undefined
    const how = event.type === "AlertResolved" && event.data.how !== "mended" ? ` (${event.data.how})` : ""
    return what === undefined ? [] : [`${what} ${begun.get(event.stream)}${how}`]
  })
}

export const host = (name: string) => `target-${recordId("here", "target", name)}`
export const service = (name: string) => `service-${recordId("here", "service", name)}`
export const check = (name: string) => `check-${checkId(name, undefined)}`

export function discovered(name: string, more: object = {}): FleetEvent {
  const document = { lifecycle: "observed", identity: { name }, ...more }
  return { type: "TargetDiscovered", data: { source: "here", nativeKey: name, generation: 0, document } } as FleetEvent
}

export function serviceOn(target: string, name: string, status = "running"): FleetEvent {
  const document = { lifecycle: "observed", identity: { name, runtime: "systemd" }, state: { status } }
  const on = recordId("here", "target", target)
  return {
    type: "ServiceDiscovered",
    data: { source: "here", nativeKey: name, generation: 0, target: on, document },
  } as FleetEvent
}

export function stateChanged(from: string, to: string): FleetEvent {
  return { type: "ServiceStateChanged", data: { from, to } } as FleetEvent
}

export function checked(name: string, from: string, to: string): FleetEvent {
  return { type: "CheckStatusChanged", data: { check: name, kind: "http", about: null, from, to } } as FleetEvent
}

/** Another value, in a document or new there. */
export function targetChanged(path: string, value: string | null, op: "add" | "replace" = "replace"): FleetEvent {
  return { type: "TargetChanged", data: { facet: path.split("/")[1] ?? "", patch: [{ op, path, value }] } }
}

/** The account of a look that could not reach these. */
export function looked(failed: readonly string[] = [], held?: number, code = "Refused"): FleetEvent {
  const coverage = {
    rights: "root",
    looked: { os: true as const },
    notLooked: {},
    complete: { target: true, service: true },
    ...(failed.length > 0 && { failed: failed.map((target) => ({ target, code, message: "it refuses" })) }),
    ...(held !== undefined && { held }),
  }
  const startedAt = "2026-11-23T13:59:00.000Z"
  return {
    type: "DiscoveryCompleted",
    data: { source: "here", startedAt, coverage, targets: 1, services: 0, changes: 0 },
  }
}
