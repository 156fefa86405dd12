/** What each kind of event does to its record's document, as a patch that can be undone. What histories of them make of documents is in tests/property. */
import { type EventData, type EventType, type FleetEvent, changeTypes, eventTypes } from "#events/catalog.js"
import { changedPaths, patchOf, subjectOf } from "#projections/inventory/patch-of.js"
import { payloads } from "#tests/support/sample-events.js"
import { describe, expect, it } from "vitest"

const event = <T extends EventType>(type: T, data: EventData<T> = payloads[type]) => ({ type, data }) as FleetEvent
const patched = <T extends EventType>(type: T, data?: EventData<T>) => patchOf(event(type, data))
const replaced = (path: string, before: unknown, after: unknown) => [
  { op: "test", path, value: before },
  { op: "replace", path, value: after },
]
const removed = (path: string, value: unknown) => [
  { op: "test", path, value },
  { op: "remove", path },
]

describe("what an event does to its document", () => {
  it.each(["Target", "Service", "Stack"] as const)(
    "of a %s: all of it at first, then what it says, and whether it is there",
    (kind) => {
      const { document } = payloads[`${kind}Discovered`]
      expect(patched(`${kind}Discovered`)).toStrictEqual(
        Object.entries(document).map(([facet, value]) => ({ op: "add", path: `/${facet}`, value })),
      )
      expect(patched(`${kind}Changed`)).toStrictEqual(payloads[`${kind}Changed`].patch)
      expect(patched(`${kind}Retired`, { from: "observed" })).toStrictEqual(
        replaced("/lifecycle", "observed", "retired"),
      )
      expect(patched(`${kind}Reappeared`, { from: "retired" })).toStrictEqual(
        replaced("/lifecycle", "retired", "observed"),
      )
    },
  )

  it("is one field where the event is of one, whatever it is called", () => {
    expect(patched("TargetUnseen")).toStrictEqual(replaced("/lifecycle", "observed", "unseen"))
    expect(patched("TargetResourceStatusChanged")).toStrictEqual(replaced("/resources/fs:~1", "healthy", "warning"))
    expect(patched("ServiceStateChanged")).toStrictEqual(replaced("/state/status", "running", "failed"))
    expect(patched("HostKeyChanged")).toStrictEqual(
      replaced("/access/offeredHostKey", null, payloads.HostKeyChanged.to),
    )
  })

  it("is no status that is known, while it flaps", () => {
    const [add, remove] = [{ op: "add", path: "/flapping", value: true }, removed("/flapping", true)]
    expect(patched("ServiceFlappingStarted")).toStrictEqual([...replaced("/state/status", "running", "unknown"), add])
    expect(patched("ServiceFlappingStarted", { from: "unknown", changes: 4, withinMs: 1 })).toStrictEqual([add])
    expect(patched("ServiceFlappingEnded")).toStrictEqual([
      ...remove,
      ...replaced("/state/status", "unknown", "running"),
    ])
    expect(patched("ServiceFlappingEnded", { count: 4, status: "unknown" })).toStrictEqual(remove)
  })

  it("is a link to the machine that it is part of, on the record that is told of", () => {
    const link = { target: payloads.RecordsLinked.target }
    expect(patched("RecordsLinked")).toStrictEqual([{ op: "add", path: "/link", value: link }])
    expect(patched("RecordsUnlinked")).toStrictEqual(removed("/link", link))
    for (const type of ["RecordsLinked", "RecordsUnlinked"] as const)
      expect(subjectOf({ ...event(type), stream: "identity-x" })).toBe(`target-${payloads[type].record}`)
    expect(subjectOf({ ...event("TargetUnseen"), stream: "target-x" })).toBe("target-x")
  })

  it("is nothing where the event alters no record", () => {
    for (const type of eventTypes)
      expect({ type, isNone: patched(type).length === 0 }).toEqual({ type, isNone: !changeTypes.includes(type) })
  })
})

describe("a role", () => {
  const assigned = { from: null, fromBy: null, to: "lab", by: "hand" } as const
  const of = (more: Partial<EventData<"TargetRoleAssigned">>) => patched("TargetRoleAssigned", { ...assigned, ...more })

  it("begins what is assigned, or changes what is another: the role, and who said so", () => {
    expect(of({ first: true })).toStrictEqual([
      { op: "add", path: "/assigned", value: { role: "lab", roleBy: "hand", tags: {} } },
    ])
    expect(of({})).toStrictEqual([
      ...replaced("/assigned/role", null, "lab"),
      ...replaced("/assigned/roleBy", null, "hand"),
    ])
    expect(of({ from: "lab", fromBy: "rule" })).toStrictEqual(replaced("/assigned/roleBy", "rule", "hand"))
    expect(of({ from: "staging", fromBy: "hand" })).toStrictEqual(replaced("/assigned/role", "staging", "lab"))
  })

  it("that is none is nobody's word", () => {
    expect(of({ from: "staging", fromBy: "hand", to: null })).toStrictEqual([
      ...replaced("/assigned/role", "staging", null),
      ...replaced("/assigned/roleBy", "hand", null),
    ])
    expect(of({ to: null, first: true })).toStrictEqual([
      { op: "add", path: "/assigned", value: { role: null, roleBy: null, tags: {} } },
    ])
  })
})

describe("a tag", () => {
  const path = "/assigned/tags/tag:a~1b"
  const begun = { op: "add", path: "/assigned", value: { role: null, roleBy: null, tags: {} } }

  it("is added, or changes whose it is", () => {
    const by = "hand"
    expect(patched("TargetTagged", { tag: "a/b", by, first: true })).toStrictEqual([
      begun,
      { op: "add", path, value: { by } },
    ])
    expect(patched("TargetTagged", { tag: "a/b", by })).toStrictEqual([{ op: "add", path, value: { by } }])
    expect(patched("TargetTagged", { tag: "a/b", by, before: { by: "rule" } })).toStrictEqual(
      replaced(path, { by: "rule" }, { by }),
    )
  })

  it("that is taken away by hand leaves word of that for the rules; by a rule, nothing", () => {
    const before = { by: "rule" } as const
    expect(patched("TargetUntagged", { tag: "a/b", by: "hand", before })).toStrictEqual(replaced(path, before, null))
    expect(patched("TargetUntagged", { tag: "a/b", by: "rule", before })).toStrictEqual(removed(path, before))
    expect(patched("TargetUntagged", { tag: "a/b", by: "hand", first: true })).toStrictEqual([
      begun,
      { op: "add", path, value: null },
    ])
    expect(patched("TargetUntagged", { tag: "a/b", by: "rule" })).toStrictEqual([])
  })
})

describe("the fields that an event changes", () => {
  it("are those of its patch; where everything is new, the whole", () => {
    for (const kind of ["Target", "Service", "Stack"] as const)
      expect(changedPaths(event(`${kind}Discovered`))).toStrictEqual([""])
    expect(changedPaths(event("TargetChanged"))).toStrictEqual(["/os/name"])
    expect(changedPaths(event("ServiceFlappingEnded"))).toStrictEqual(["/flapping", "/state/status"])
    expect(changedPaths(event("SnapshotTaken"))).toStrictEqual([])
  })
})
