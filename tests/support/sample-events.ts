/** Events to append: as small as the schemas allow, and telling apart by the value they carry. */
import type { EventData, EventType, NewEvent, RecordedEvent } from "#events/catalog.js"
import { defaultPolicy } from "#events/policy.js"
import type { StreamName } from "#kernel/ids.js"
import type { Json } from "#kernel/json.js"
import { time } from "./test-clock.js"

export const observedAt = time("2026-11-23T13:59:00.000Z")
export const metadata = { actor: "discovery" } as const

export function stream(name: string): StreamName {
  return name as StreamName
}

/** A change of a target that carries any JSON there is. */
export function changed(value: Json, more: Partial<NewEvent> = {}): NewEvent {
  const patch = [{ op: "add" as const, path: "/os/name", value }]
  return { type: "TargetChanged", data: { facet: "os", patch }, metadata, observedAt, ...more } as NewEvent
}

/** So many changes, told apart by `<label>/<index>`. */
export function changes(count: number, label = "change"): NewEvent[] {
  return Array.from({ length: count }, (_, index) => changed(`${label}/${index}`))
}

/** What `changed` was given. */
export function carried(event: RecordedEvent | undefined): Json | undefined {
  if (event?.type !== "TargetChanged") return undefined
  const operation = event.data.patch[0]
  return operation !== undefined && "value" in operation ? operation.value : undefined
}

const oneRecord = "0d9f1c7e-6a0f-5a3b-9a55-3d3d2f6f4c01"
const otherRecord = "5f0cbb0e-5c1c-5d35-8b5f-0a4f4f9d0201"

/** A payload of every type there is. */
export const payloads: { readonly [T in EventType]: EventData<T> } = {
  TargetDiscovered: {
    source: "here",
    nativeKey: "local",
    generation: 0,
    document: {
      lifecycle: "observed",
      os: { id: "debian", kernel: "6.1.0" },
      packages: { "pkg:nginx": { version: "1" } },
    },
  },
  TargetChanged: { facet: "os", patch: [{ op: "add", path: "/os/name", value: "Debian" }] },
  TargetResourceStatusChanged: { resource: "fs:/", from: "healthy", to: "warning" },
  HostKeyChanged: { from: null, to: "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8" },
  TargetRoleAssigned: { from: null, fromBy: null, to: "lab", by: "rule", rule: "name=web-*" },
  TargetTagged: { tag: "web", by: "hand", first: true },
  TargetUntagged: { tag: "web", by: "hand", before: { by: "rule" } },
  TargetUnseen: {},
  TargetReappeared: { from: "unseen" },
  TargetRetired: { from: "unseen" },
  ServiceDiscovered: {
    source: "here",
    nativeKey: "nginx.service",
    generation: 0,
    target: "5f0cbb0e-5c1c-5d35-8b5f-0a4f4f9d0201",
    document: { lifecycle: "observed", identity: { name: "nginx" }, state: { status: "running" } },
  },
  ServiceChanged: { facet: "config", patch: [{ op: "add", path: "/config/user", value: "www-data" }] },
  ServiceStateChanged: { from: "running", to: "failed" },
  ServiceFlappingStarted: { from: "running", changes: 4, withinMs: 60_000 },
  ServiceFlappingEnded: { count: 12, status: "running" },
  ServiceReappeared: { from: "retired" },
  ServiceRetired: { from: "observed" },
  StackDiscovered: {
    source: "here",
    nativeKey: "blog",
    generation: 0,
    target: "5f0cbb0e-5c1c-5d35-8b5f-0a4f4f9d0201",
    document: { lifecycle: "observed", identity: { name: "blog" } },
  },
  StackChanged: { facet: "config", patch: [{ op: "add", path: "/config/workingDir", value: "/srv/blog" }] },
  StackReappeared: { from: "retired" },
  StackRetired: { from: "observed" },
  RecordsLinked: { record: oneRecord, target: otherRecord, score: 0.97, reasons: ["the same machine id"] },
  RecordsUnlinked: { record: oneRecord, target: otherRecord, reasons: ["a clone"] },
  RecordsDoubted: { records: [oneRecord, otherRecord], score: 0.5, reasons: ["the same name"] },
  RecordsSeparated: { records: [oneRecord, otherRecord], reasons: ["two machines"] },
  DiscoveryCompleted: {
    source: "here",
    startedAt: "2026-11-23T13:58:00.000Z",
    coverage: { rights: "root", looked: { os: true }, notLooked: {}, complete: { target: true, service: false } },
    targets: 1,
    services: 0,
    changes: 0,
  },
  HostKeyTrusted: {
    source: "here",
    name: "[nas.lan]:2222",
    algorithm: "ssh-ed25519",
    key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
    fingerprint: "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
  },
  DiscoveryFailed: {
    source: "here",
    startedAt: "2026-11-23T13:58:00.000Z",
    code: "SourceUnavailable",
    message: "nobody answers",
  },
  PolicyAdopted: { policy: defaultPolicy },
  SnapshotTaken: {
    name: "before-upgrade",
    type: "pre_deployment",
    tags: ["web"],
    position: 0,
    time: "2026-11-23T13:59:00.000Z",
  },
  SnapshotDeleted: { name: "before-upgrade" },
  LedgerCheckpointed: { size: 1, note: "a note" },
  SigningKeyRotated: { note: "a note" },
  LedgerFaultFound: { position: 7, message: "its leaf is not that of its envelope and payload" },
  LedgerFoundSound: { size: 9 },
  LedgerRestored: { kept: 1, lost: 2, checkpoint: "a note", note: "a note" },
  DataRedacted: { positions: [0], mask: "[redacted 1]" },
  RangeArchived: { first: 0, last: 255, root: "z2M=", bytes: 20_000, sha256: "0".repeat(64) },
  AlertRaised: {
    rule: "dead-letter",
    severity: "warning",
    title: "witness could not handle PolicyAdopted at position 0: nobody answers",
    about: { kind: "subscription", name: "witness" },
    cause: 0,
  },
  AlertAcknowledged: {},
  AlertSilenced: { until: "2026-11-24T00:00:00.000Z" },
  AlertEscalated: { step: 1, severity: "critical" },
  AlertResolved: { how: "mended", cause: 0 },
  MaintenancePlanned: { where: "tag:web", from: "2026-11-24T22:00:00.000Z", until: "2026-11-25T02:00:00.000Z" },
  MaintenanceEnded: {},
  BaselineDeclared: {
    name: "house-rules",
    baseline: {
      of: "rules",
      rules: [
        {
          name: "a-firewall",
          kind: "target",
          where: "role:production",
          expect: "security.firewall != null",
          severity: "critical",
        },
      ],
    },
  },
  BaselineWithdrawn: { name: "house-rules" },
  ChangeExpected: {
    fields: ["/packages"],
    where: "tag:web",
    from: "2026-11-24T22:00:00.000Z",
    until: "2026-11-25T02:00:00.000Z",
    once: true,
  },
  IntentWithdrawn: {},
  CheckStatusChanged: {
    check: "shop-front",
    kind: "http",
    about: { kind: "target", id: oneRecord },
    from: "passing",
    to: "failing",
    detail: "https://shop.lan/ answered 502",
  },
  CheckEnded: { check: "shop-front" },
  DeadlinePassed: { key: "certificate cert:443", dueAt: "2026-11-23T13:59:00.000Z" },
  DataExported: { operation: "inventory export", what: "csv" },
  AdministrationPerformed: { operation: "token create", what: "grafana" },
  AccessDenied: {
    minute: "2026-11-23T13:59:00.000Z",
    refused: { Unauthorized: 3, Forbidden: 0, RateLimited: 0 },
    addresses: ["127.0.0.1"],
  },
}

/** The sample of a type, ready to be appended. */
export function sample(type: EventType): NewEvent {
  return { type, data: payloads[type], metadata, observedAt } as NewEvent
}
