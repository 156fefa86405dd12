/** What is known of a facet after a look: seen counts, not looked at stays, `null` is not there, gauges are no part of it. */
import { targetFacets } from "#events/facets/target.js"
import { gaugesOf, reconcile } from "#discovery/reconcile.js"
import type { Json } from "#kernel/json.js"
import { describe, expect, it } from "vitest"

const { os, network, storage, packages, usage } = targetFacets

describe("a field", () => {
  it("is as it was seen", () => {
    expect(reconcile(os, { kernel: "6.1" }, { kernel: "6.5" })).toStrictEqual({ kernel: "6.5" })
  })

  it("stays as it was known when it was not looked at", () => {
    expect(reconcile(os, { id: "debian", kernel: "6.1" }, { kernel: "6.5" })).toStrictEqual({
      id: "debian",
      kernel: "6.5",
    })
    expect(reconcile(os, { id: "debian" }, {})).toStrictEqual({ id: "debian" })
  })

  it("is null when it was looked at and is not there, and a value again when it is", () => {
    expect(reconcile(os, { version: "12" }, { version: null })).toStrictEqual({ version: null })
    expect(reconcile(os, { version: null }, { version: "13" })).toStrictEqual({ version: "13" })
    expect(reconcile(os, { version: null }, {})).toStrictEqual({ version: null })
  })

  it("is known from the first look that sees it", () => {
    expect(reconcile(os, undefined, { kernel: "6.1", version: null })).toStrictEqual({ kernel: "6.1", version: null })
  })
})

describe("a collection", () => {
  it("has the items that were seen and no others", () => {
    const known = { "pkg:nginx": { version: "1" }, "pkg:curl": { version: "8" } }
    const seen = { "pkg:curl": { version: "8" }, "pkg:vim": { version: "9" } }
    expect(reconcile(packages, known, seen)).toStrictEqual(seen)
  })

  it("that is seen to be empty is empty", () => {
    expect(reconcile(packages, { "pkg:nginx": {} }, {})).toStrictEqual({})
  })

  it("keeps in each item what was not looked at", () => {
    const known = { "pkg:nginx": { version: "1", architecture: "amd64" } }
    expect(reconcile(packages, known, { "pkg:nginx": { version: "2" } })).toStrictEqual({
      "pkg:nginx": { version: "2", architecture: "amd64" },
    })
  })

  it("knows nothing old of an item that comes back", () => {
    const gone = reconcile(packages, { "pkg:nginx": { version: "1", architecture: "amd64" } }, {})
    expect(reconcile(packages, gone, { "pkg:nginx": { version: "2" } })).toStrictEqual({
      "pkg:nginx": { version: "2" },
    })
  })

  it("within an item of another is reconciled like any other", () => {
    const known = { interfaces: { "if:eth0": { mtu: 1500, addresses: { "ip:10.0.0.1/8": {}, "ip:10.0.0.2/8": {} } } } }
    const seen = { interfaces: { "if:eth0": { addresses: { "ip:10.0.0.2/8": {}, "ip:10.0.0.3/8": {} } } } }
    expect(reconcile(network, known, seen)).toStrictEqual({
      interfaces: { "if:eth0": { mtu: 1500, addresses: { "ip:10.0.0.2/8": {}, "ip:10.0.0.3/8": {} } } },
    })
  })

  it.each<[string, Json, Json]>([
    ["becomes null", { dns: { "dns:1.1.1.1": { order: 1 } } }, { dns: null }],
    ["comes out of null", { dns: null }, { dns: { "dns:1.1.1.1": { order: 1 } } }],
    ["comes out of null and is empty", { dns: null }, { dns: {} }],
  ])("%s", (_, known, seen) => {
    expect(reconcile(network, known, seen)).toStrictEqual(seen)
  })

  it("takes foreign keys as they are", () => {
    const seen = { "pkg:__proto__": { version: "1" }, "pkg:a/b~c": {}, "pkg:": {}, "pkg:ü ✓": {} }
    expect(reconcile(packages, { "pkg:__proto__": { architecture: "all" } }, seen)).toStrictEqual({
      ...seen,
      "pkg:__proto__": { version: "1", architecture: "all" },
    })
  })
})

describe("a gauge", () => {
  it("is never known, at whatever depth", () => {
    expect(reconcile(usage, undefined, { cpuBusyTicks: 1, cpuTotalTicks: 2, memoryPercent: 3 })).toStrictEqual({})
    const seen = { filesystems: { "fs:/": { type: "ext4", usedPercent: 12.5 } } }
    expect(reconcile(storage, undefined, seen)).toStrictEqual({ filesystems: { "fs:/": { type: "ext4" } } })
  })

  it("is told by its path, escaped as in a patch", () => {
    const filesystems = { "fs:/": { usedPercent: 12.5 }, "fs:/a~b": { usedPercent: 0, sizeMiB: 7 } }
    expect(Object.fromEntries(gaugesOf(storage, "/storage", { filesystems }))).toStrictEqual({
      "/storage/filesystems/fs:~1/usedPercent": 12.5,
      "/storage/filesystems/fs:~1a~0b/usedPercent": 0,
    })
  })

  it("is told only if it was seen: neither missing nor null is a number", () => {
    expect(gaugesOf(usage, "/usage", { cpuBusyTicks: null, memoryPercent: 3 })).toStrictEqual(
      new Map([["/usage/memoryPercent", 3]]),
    )
    expect(gaugesOf(storage, "/storage", { filesystems: null }).size).toBe(0)
  })
})
