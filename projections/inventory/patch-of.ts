/**
 * The one place that knows what an event does to its record's document: every event that alters a record, as an invertible JSON Patch.
 * Folding, history, diff and walking backwards are all made of it.
 */
import type { EventData, FleetEvent } from "#events/catalog.js"
import type { ServiceStatus } from "#events/facets/service.js"
import { unassigned } from "#events/facets/target.js"
import type { Json, JsonObject } from "#kernel/json.js"
import { type Patch, type PatchOperation, changesOf, escapeKey } from "#kernel/patch.js"

/** The document of a record before its first event. */
export const emptyDocument: JsonObject = {}

/** The stream of the record whose document an event alters: its own, except where one event tells of records. */
export function subjectOf(event: FleetEvent & { readonly stream: string }): string {
  return event.type === "RecordsLinked" || event.type === "RecordsUnlinked"
    ? `target-${event.data.record}`
    : event.stream
}

/** Of the fields that an event changes; the empty one for a discovery, where everything is new. */
export function changedPaths(event: FleetEvent): readonly string[] {
  if (event.type === "TargetDiscovered" || event.type === "ServiceDiscovered" || event.type === "StackDiscovered")
    return [""]
  return changesOf(patchOf(event)).map(({ path }) => path)
}

/** Empty for events that alter no record. */
export function patchOf(event: FleetEvent): Patch {
  switch (event.type) {
    case "TargetDiscovered":
    case "ServiceDiscovered":
    case "StackDiscovered":
      return Object.entries(event.data.document).map(([facet, value]) => add(`/${escapeKey(facet)}`, value as Json))
    case "TargetChanged":
    case "ServiceChanged":
    case "StackChanged":
      return event.data.patch
    case "TargetResourceStatusChanged":
      return replace(`/resources/${escapeKey(event.data.resource)}`, event.data.from, event.data.to)
    case "ServiceStateChanged":
      return replace("/state/status", event.data.from, event.data.to)
    case "ServiceFlappingStarted":
      return [...replaceStatus(event.data.from, "unknown"), add("/flapping", true)]
    case "ServiceFlappingEnded":
      return [
        { op: "test", path: "/flapping", value: true },
        { op: "remove", path: "/flapping" },
        ...replaceStatus("unknown", event.data.status),
      ]
    case "HostKeyChanged":
      return replace("/access/offeredHostKey", event.data.from, event.data.to)
    case "TargetRoleAssigned":
      return roleAssigned(event.data)
    case "TargetTagged":
      return tagged(event.data, { by: event.data.by })
    case "TargetUntagged":
      return tagged(event.data, event.data.by === "hand" ? null : undefined)
    case "TargetUnseen":
      return replace("/lifecycle", "observed", "unseen")
    case "TargetReappeared":
    case "ServiceReappeared":
    case "StackReappeared":
      return replace("/lifecycle", event.data.from, "observed")
    case "TargetRetired":
    case "ServiceRetired":
    case "StackRetired":
      return replace("/lifecycle", event.data.from, "retired")
    case "RecordsLinked":
      return [add("/link", { target: event.data.target })]
    case "RecordsUnlinked": {
      const value = { target: event.data.target }
      return [
        { op: "test", path: "/link", value },
        { op: "remove", path: "/link" },
      ]
    }
    case "RecordsDoubted":
    case "RecordsSeparated":
    case "DiscoveryCompleted":
    case "HostKeyTrusted":
    case "DiscoveryFailed":
    case "PolicyAdopted":
    case "SnapshotTaken":
    case "SnapshotDeleted":
    case "LedgerCheckpointed":
    case "SigningKeyRotated":
    case "LedgerRestored":
    case "DataRedacted":
    case "RangeArchived":
    case "LedgerFaultFound":
    case "LedgerFoundSound":
    case "AlertRaised":
    case "AlertAcknowledged":
    case "AlertSilenced":
    case "AlertEscalated":
    case "AlertResolved":
    case "MaintenancePlanned":
    case "MaintenanceEnded":
    case "BaselineDeclared":
    case "BaselineWithdrawn":
    case "ChangeExpected":
    case "IntentWithdrawn":
    case "CheckStatusChanged":
    case "CheckEnded":
    case "DeadlinePassed":
    case "DataExported":
    case "AdministrationPerformed":
    case "AccessDenied":
      return []
  }
}

function add(path: string, value: Json): PatchOperation {
  return { op: "add", path, value }
}

function roleAssigned({ from, fromBy, to, by, first }: EventData<"TargetRoleAssigned">): Patch {
  const roleBy = to === null ? null : by
  if (first) return [add("/assigned", { role: to, roleBy, tags: {} })]
  return [
    ...(from === to ? [] : replace("/assigned/role", from, to)),
    ...(fromBy === roleBy ? [] : replace("/assigned/roleBy", fromBy, roleBy)),
  ]
}

/** @param after undefined when nothing of it is left */
function tagged(
  { tag, before, first }: EventData<"TargetTagged" | "TargetUntagged">,
  after: EventData<"TargetTagged">["before"],
): Patch {
  const path = `/assigned/tags/${escapeKey(`tag:${tag}`)}`
  const begun = first ? [add("/assigned", unassigned)] : []
  if (before === undefined) return after === undefined ? begun : [...begun, add(path, after)]
  if (after !== undefined) return replace(path, before, after)
  return [
    { op: "test", path, value: before },
    { op: "remove", path },
  ]
}

/** Nothing where what is unknown stays so. */
function replaceStatus(before: ServiceStatus, after: ServiceStatus): Patch {
  return before === after ? [] : replace("/state/status", before, after)
}

function replace(path: string, before: Json, after: Json): Patch {
  return [
    { op: "test", path, value: before },
    { op: "replace", path, value: after },
  ]
}
