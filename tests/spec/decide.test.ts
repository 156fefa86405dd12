/** Which event tells what a look found out: each kind of thing, and each kind of change, has its own. What the events make of documents is in tests/property. */
import { defaultPolicy } from "#events/policy.js"
import {
  decideDiscovered,
  decideLeft,
  decideMissing,
  decideResources,
  decideSeen,
  decideTurn,
} from "#discovery/decide.js"
import type { EntityKind, Observation } from "#discovery/observation.js"
import type { RecordId } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import { describe, expect, it } from "vitest"

const looked = (kind: EntityKind, facets: Observation["facets"]): Observation => ({
  kind,
  nativeKey: "a",
  on: "m",
  facets,
})
const named = { identity: { name: "a" } }
const observed = (more: JsonObject = {}): JsonObject => ({ lifecycle: "observed", ...more })
const typesOf = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type)
const words = { target: "Target", service: "Service", stack: "Stack" } as const
const kinds = Object.keys(words) as EntityKind[]

describe.each(kinds)("of a %s", (kind) => {
  const word = words[kind]
  const provenance = { source: "here", nativeKey: "a", generation: 0 }

  it("the first event is that it was discovered, where, and with what", () => {
    const { type, data } = decideDiscovered(looked(kind, named), provenance, { cpu: "healthy" }, "m" as RecordId)
    const own = kind === "target" ? { resources: { cpu: "healthy" } } : {}
    expect([type, data]).toStrictEqual([
      `${word}Discovered`,
      { ...provenance, ...(kind !== "target" && { target: "m" }), document: { ...observed(named), ...own } },
    ])
  })

  it("a change is its own event, with the facet that changed; and no change is none", () => {
    const known = observed({ ...named, ...(kind === "target" && { resources: {} }) })
    expect(decideSeen(known, looked(kind, named), {})).toStrictEqual([])
    const patch = [
      { op: "test", path: "/identity/name", value: "a" },
      { op: "replace", path: "/identity/name", value: "b" },
    ]
    expect(decideSeen(known, looked(kind, { identity: { name: "b" } }), {})).toStrictEqual([
      { type: `${word}Changed`, data: { facet: "identity", patch } },
    ])
  })

  it("what was retired and is seen has reappeared", () => {
    const known = { ...observed({ ...named, ...(kind === "target" && { resources: {} }) }), lifecycle: "retired" }
    expect(decideSeen(known, looked(kind, named), {})).toStrictEqual([
      { type: `${word}Reappeared`, data: { from: "retired" } },
    ])
  })

  it("what was missed often enough is retired, once, and not before", () => {
    const missing = (known: JsonObject, looks: number) =>
      typesOf(decideMissing(known, kind, looks, { ...defaultPolicy, retireAfterLooks: 3 }))
    const gone = kind === "target" ? ["TargetUnseen"] : []
    expect([2, 3, 4].map((looks) => missing(observed(named), looks))).toStrictEqual([
      gone,
      [...gone, `${word}Retired`],
      [...gone, `${word}Retired`],
    ])
    expect(missing({ lifecycle: "retired" }, 4)).toStrictEqual([])
  })
})

describe("a machine", () => {
  it("that is unseen is not unseen again, and reappears from that", () => {
    expect(decideMissing({ lifecycle: "unseen" }, "target", 1, defaultPolicy)).toStrictEqual([])
    expect(decideSeen({ lifecycle: "unseen", resources: {} }, looked("target", {}), {})).toStrictEqual([
      { type: "TargetReappeared", data: { from: "unseen" } },
    ])
  })

  it("has an event for each resource that is otherwise now, behind one for those that came or went", () => {
    expect(typesOf(decideResources({ cpu: "healthy" }, { cpu: "critical", memory: "healthy" }))).toStrictEqual([
      "TargetChanged",
      "TargetResourceStatusChanged",
    ])
    expect(decideResources({ cpu: "healthy" }, { cpu: "critical" })).toStrictEqual([
      { type: "TargetResourceStatusChanged", data: { resource: "cpu", from: "healthy", to: "critical" } },
    ])
    expect(decideResources({ cpu: "healthy" }, { cpu: "healthy" })).toStrictEqual([])
    expect(
      typesOf(decideSeen(observed({ resources: { cpu: "healthy" } }), looked("target", {}), { cpu: "warning" })),
    ).toStrictEqual(["TargetResourceStatusChanged"])
  })
})

describe("a service", () => {
  const running = observed({ ...named, state: { status: "running" } })
  const seen = (status: string) => looked("service", { ...named, state: { status } })

  it("that does otherwise tells so by its status, and by a change where there was none", () => {
    expect(decideSeen(running, seen("failed"), {})).toStrictEqual([
      { type: "ServiceStateChanged", data: { from: "running", to: "failed" } },
    ])
    expect(decideSeen(observed(named), seen("failed"), {})).toMatchObject([
      { type: "ServiceChanged", data: { facet: "state" } },
    ])
    // Of resources nobody knows anything.
    expect(decideSeen(running, seen("running"), { cpu: "critical" })).toStrictEqual([])
  })

  it("that is missed has stopped, if it was not before, and is left in peace while it flaps", () => {
    expect(decideMissing(running, "service", 1, defaultPolicy)).toStrictEqual([
      { type: "ServiceStateChanged", data: { from: "running", to: "stopped" } },
    ])
    expect(decideMissing(observed({ state: { status: "stopped" } }), "service", 1, defaultPolicy)).toStrictEqual([])
    expect(decideMissing({ ...running, flapping: true }, "service", 100, defaultPolicy)).toStrictEqual([])
    expect(decideSeen({ ...running, flapping: true }, seen("failed"), {})).toStrictEqual([])
  })

  it("begins to flap from what it was, and has settled at what it is", () => {
    expect(decideTurn("running", "failed", { is: "started", changes: 4, withinMs: 60_000 })).toStrictEqual({
      type: "ServiceFlappingStarted",
      data: { from: "running", changes: 4, withinMs: 60_000 },
    })
    expect(decideTurn("running", "failed", { is: "ended", count: 9 })).toStrictEqual({
      type: "ServiceFlappingEnded",
      data: { count: 9, status: "failed" },
    })
  })
})

it("what was on a machine that is gone goes with it, without a word of how it was doing", () => {
  expect(decideLeft("stack")).toStrictEqual({ type: "StackRetired", data: { from: "observed" } })
  expect(decideLeft("service")).toStrictEqual({ type: "ServiceRetired", data: { from: "observed" } })
})

it("what runs on nothing is a mistake of a source", () => {
  const provenance = { source: "here", nativeKey: "a", generation: 0 }
  expect(() => decideDiscovered(looked("service", named), provenance, {}, undefined)).toThrow(
    "bug: the service a was seen on no target",
  )
})
