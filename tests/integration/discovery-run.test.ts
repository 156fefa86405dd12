/** Runs of discovery over a real ledger, views and operational store, at a source whose looks the test prepares. */
import type { EventType, NewEvent } from "#events/catalog.js"
import { defaultPolicy } from "#events/policy.js"
import { discovery } from "#discovery/discovery.js"
import type { Cause, Observation } from "#discovery/observation.js"
import { runDiscovery } from "#discovery/run.js"
import { FleetError } from "#kernel/errors.js"
import { recordId } from "#kernel/ids.js"
import { origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { everywhere, minute, nowhere, workbench } from "#tests/support/discovery-bench.js"
import { refusalOf } from "#tests/support/refusal.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { describe, expect, it } from "vitest"

const web: Observation = {
  kind: "target",
  nativeKey: "web",
  facets: { identity: { name: "web-1" }, os: { kernel: "6.1" }, sockets: { "tcp:80": { port: 80, process: "nginx" } } },
}
const nginx: Observation = {
  kind: "service",
  nativeKey: "nginx",
  on: "web",
  facets: {
    identity: { name: "nginx", runtime: "process" },
    config: { ports: { "tcp:80": {} } },
    state: { status: "running" },
  },
}
const [webId, nginxId] = [recordId("here", "target", "web"), recordId("here", "service", "nginx")]

const withFacets = (observation: Observation, facets: Observation["facets"]): Observation => ({
  ...observation,
  facets: { ...observation.facets, ...facets },
})

const typesOf = (events: readonly { readonly type: EventType }[]) => events.map(({ type }) => type)

describe("looking", () => {
  it("discovers what it sees, target before service, and accounts for the run at the end", async () => {
    const { sees, look, news, document } = await workbench()
    sees([nginx, web])
    const report = await look()
    const events = await news()
    expect(typesOf(events)).toStrictEqual(["TargetDiscovered", "ServiceDiscovered", "DiscoveryCompleted"])
    expect(report).toMatchObject({
      outcome: "completed",
      targets: 1,
      services: 1,
      changes: 2,
      position: events[2]?.position,
    })
    expect(events[0]?.metadata).toStrictEqual({ actor: "discovery", source: "here", runId: report.runId })
    expect(events[2]?.metadata.actor).toBe("user:ada")
    expect(await document(webId)).toStrictEqual({ lifecycle: "observed", resources: {}, ...web.facets })
    expect(await document(nginxId)).toStrictEqual({ lifecycle: "observed", ...nginx.facets })
  })

  it("again at the same thing appends nothing at all", async () => {
    const { sees, look, news, ledger, ops } = await workbench()
    const usage = { cpuBusyTicks: 10, cpuTotalTicks: 100, memoryPercent: 20 }
    sees([withFacets(web, { usage }), nginx])
    await look()
    await news()
    const { position } = await ledger.head()
    for (const _ of ["again", "and again"]) expect(await look()).toMatchObject({ changes: 0, position })
    expect(await news()).toStrictEqual([])
    expect(await ops.looks.all()).toMatchObject([{ source: "here", outcome: "completed" }])
  })

  it("records what changed, each in its own event, and leaves alone what it did not look at", async () => {
    const { sees, look, news, document } = await workbench()
    sees([web, nginx])
    await look()
    await news()
    sees([{ ...web, facets: { os: { kernel: "6.5" } } }, withFacets(nginx, { state: { status: "failed" } })])
    expect(await look()).toMatchObject({ changes: 2 })
    const events = await news()
    expect(typesOf(events)).toStrictEqual(["TargetChanged", "ServiceStateChanged", "DiscoveryCompleted"])
    expect(events[1]?.data).toStrictEqual({ from: "running", to: "failed" })
    expect(await document(webId)).toMatchObject({ os: { kernel: "6.5" }, sockets: web.facets["sockets"] })
  })

  it("refuses a service on a target that neither it nor any look before saw, which no view could show", async () => {
    const { sees, look, news } = await workbench()
    sees([nginx])
    await expect(look()).rejects.toThrow("nginx was seen on no target")
    expect(await news()).toStrictEqual([])
    sees([web])
    await look()
    sees([nginx], nowhere)
    await look()
    expect(typesOf(await news())).toContain("ServiceDiscovered")
  })

  it("without changes is recorded again after an hour, and when it covered something else", async () => {
    const { sees, look, news, clock } = await workbench()
    sees([web])
    await look()
    await news()
    clock.advance(50 * minute)
    await look()
    expect(await news()).toStrictEqual([])
    await look()
    expect(typesOf(await news())).toStrictEqual(["DiscoveryCompleted"])
    sees([web], everywhere, "user:fleet")
    expect(await look()).toMatchObject({ changes: 0 })
    const [account, ...others] = await news()
    expect(account).toMatchObject({
      type: "DiscoveryCompleted",
      data: { changes: 0, coverage: { rights: "user:fleet" } },
    })
    expect(others).toStrictEqual([])
    await look()
    expect(await news()).toStrictEqual([])
  })

  it("measures every time, and tells another band once enough looks agree", async () => {
    const { sees, look, news, ops, clock } = await workbench()
    const filled = (usedPercent: number) =>
      sees([withFacets(web, { storage: { filesystems: { "fs:/": { type: "ext4", usedPercent } } } })])
    filled(50)
    await look()
    await news()
    filled(95)
    await look()
    await look()
    expect(await news()).toStrictEqual([])
    await look()
    const [event] = await news()
    expect(event).toMatchObject({ type: "TargetResourceStatusChanged" })
    expect(event?.data).toStrictEqual({ resource: "fs:/", from: "healthy", to: "critical" })
    const metric = "/storage/filesystems/fs:~1/usedPercent"
    const values = (await ops.measurements.latest(webId, metric, clock.now(), 9)).map(({ value }) => value)
    expect(values).toStrictEqual([95, 95, 95, 50])
  })

  it("tells another band however many looks the policy asks to agree", async () => {
    const policy = { ...defaultPolicy, bands: { ...defaultPolicy.bands, sustainedLooks: 100 } }
    const { sees, look, news } = await workbench(policy)
    sees([withFacets(web, { usage: { memoryPercent: 10 } })])
    await look()
    await news()
    sees([withFacets(web, { usage: { memoryPercent: 80 } })])
    const recorded: EventType[] = []
    for (let looks = 0; looks < 100; looks++) {
      expect(recorded).not.toContain("TargetResourceStatusChanged")
      await look()
      recorded.push(...typesOf(await news()))
    }
    expect(recorded).toContain("TargetResourceStatusChanged")
  })

  it("sees a target lose its file systems, and their states with them", async () => {
    const { sees, look, document } = await workbench()
    sees([withFacets(web, { storage: { filesystems: { "fs:/": { usedPercent: 50 } } } })])
    await look()
    expect(await document(webId)).toMatchObject({ resources: { "fs:/": "healthy" } })
    sees([withFacets(web, { storage: { filesystems: null } })])
    await look()
    expect(await document(webId)).toMatchObject({ resources: {}, storage: { filesystems: null } })
  })
})

describe("what a look does not find", () => {
  it("stays as it is when the look could not see everything", async () => {
    const { sees, look, news, document } = await workbench()
    sees([web, nginx])
    await look()
    await news()
    sees([], nowhere)
    for (let looks = 0; looks < 5; looks++) await look()
    expect(typesOf(await news())).toStrictEqual(["DiscoveryCompleted"])
    expect(await document(webId)).toMatchObject({ lifecycle: "observed" })
    expect(await document(nginxId)).toMatchObject({ lifecycle: "observed", state: { status: "running" } })
  })

  it("is concluded only of the kind that was seen completely", async () => {
    const { sees, look, news } = await workbench()
    sees([web, nginx])
    await look()
    await news()
    sees([], { target: false, service: true })
    await look()
    expect(typesOf(await news())).toStrictEqual(["ServiceStateChanged", "DiscoveryCompleted"])
  })

  it("stops a service at once, retires it after as many looks as the policy asks, and is undone by its return", async () => {
    const { sees, look, news, document } = await workbench()
    sees([web, nginx])
    await look()
    await news()
    sees([web])
    await look()
    expect((await news())[0]).toMatchObject({ type: "ServiceStateChanged", data: { from: "running", to: "stopped" } })
    await look()
    expect(await news()).toStrictEqual([])
    await look()
    expect(typesOf(await news())).toStrictEqual(["ServiceRetired", "DiscoveryCompleted"])
    await look()
    expect(await news()).toStrictEqual([])
    sees([web, nginx])
    await look()
    expect(typesOf(await news())).toStrictEqual(["ServiceReappeared", "ServiceStateChanged", "DiscoveryCompleted"])
    expect(await document(nginxId)).toStrictEqual({ lifecycle: "observed", ...nginx.facets })
    sees([web])
    await look()
    await look()
    expect(typesOf(await news())).not.toContain("ServiceRetired")
  })

  it("counts looks in a row: one that finds it begins anew, one that could not see everything does not count", async () => {
    const { sees, look, news } = await workbench()
    sees([web, nginx])
    await look()
    for (const seen of [[web], [web], [web, nginx], [web], [web]]) {
      sees(seen)
      await look()
    }
    sees([web], nowhere)
    await look()
    expect(typesOf(await news())).not.toContain("ServiceRetired")
    sees([web])
    await look()
    expect(typesOf(await news())).toContain("ServiceRetired")
  })

  it("is stopped by its ports being gone, though the look could not see everything", async () => {
    const { sees, look, news } = await workbench()
    sees([web, nginx], nowhere)
    await look()
    await news()
    sees([withFacets(web, { sockets: {} })], nowhere)
    await look()
    expect(typesOf(await news())).toStrictEqual(["TargetChanged", "ServiceStateChanged", "DiscoveryCompleted"])
  })

  it("makes a target unseen, then retired, and observed again when it is back", async () => {
    const { sees, look, news, document } = await workbench()
    sees([web])
    await look()
    await news()
    sees([])
    const told: EventType[][] = []
    for (let looks = 0; looks < 4; looks++) {
      await look()
      told.push(typesOf(await news()))
    }
    const account: EventType = "DiscoveryCompleted"
    expect(told).toStrictEqual([["TargetUnseen", account], [], ["TargetRetired", account], []])
    sees([web])
    await look()
    expect(await news()).toMatchObject([{ type: "TargetReappeared", data: { from: "retired" } }, { type: account }])
    expect(await document(webId)).toMatchObject({ lifecycle: "observed", os: { kernel: "6.1" } })
  })
})

describe("a look that comes to nothing", () => {
  it("is recorded once as long as the cause is the same, and changes nothing that is known", async () => {
    const { sees, fails, look, news, document, ops } = await workbench()
    sees([web, nginx])
    await look()
    await news()
    fails(new FleetError("SourceUnavailable", "nobody answers"))
    expect(await look()).toMatchObject({ outcome: "failed", message: "nobody answers", changes: 0 })
    const failure = { source: "here", code: "SourceUnavailable", message: "nobody answers" }
    expect(await news()).toMatchObject([{ type: "DiscoveryFailed", data: failure }])
    await look()
    expect(await news()).toStrictEqual([])
    fails(new FleetError("SourceUnavailable", "the door is shut"))
    await look()
    expect(await news()).toMatchObject([{ type: "DiscoveryFailed", data: { message: "the door is shut" } }])
    expect(await ops.looks.all()).toMatchObject([{ outcome: "failed" }])
    expect(await document(nginxId)).toMatchObject({ lifecycle: "observed", state: { status: "running" } })
    sees([web, nginx])
    await look()
    expect(typesOf(await news())).toStrictEqual(["DiscoveryCompleted"])
  })

  it("does not count as one that missed something", async () => {
    const { sees, fails, look, news } = await workbench()
    sees([web])
    await look()
    for (let looks = 0; looks < 4; looks++) {
      fails(new Error(`failure ${looks}`))
      await look()
    }
    expect(typesOf(await news()).filter((type) => type.startsWith("Target"))).toStrictEqual(["TargetDiscovered"])
  })

  it("is recorded whatever its message is", async () => {
    const { fails, look, news } = await workbench()
    for (const message of [`${"x".repeat(999)}😀`, "\ud800", "", "x".repeat(100_000)]) {
      fails(new Error(message))
      expect(await look()).toMatchObject({ outcome: "failed" })
      expect(typesOf(await news())).toStrictEqual(["DiscoveryFailed"])
    }
  })
})

describe("a look that is cancelled", () => {
  it.each(["that gives up", "that answers nevertheless"])("is recorded as cut off, at a source %s", async (how) => {
    const { source, ports, news, ops } = await workbench()
    const cancelledLook = async () => {
      const abort = new AbortController()
      source.next = async (signal) => {
        expect(await ops.looks.underWay()).toMatchObject([{ source: "here", actor: "user:ada" }])
        abort.abort()
        if (how === "that gives up") signal.throwIfAborted()
        const coverage = { rights: "root", looked: {}, notLooked: {}, complete: everywhere }
        return { observedAt, observations: [web], coverage }
      }
      return refusalOf(() => runDiscovery(source, ports, { actor: "user:ada", signal: abort.signal }))
    }
    expect((await cancelledLook()).code).toBe("Cancelled")
    expect(await news()).toMatchObject([
      { type: "DiscoveryFailed", data: { code: "Interrupted" }, metadata: { actor: "user:ada" } },
    ])
    expect(await ops.looks.all()).toStrictEqual([])
    expect(await ops.looks.underWay()).toStrictEqual([])
    await cancelledLook()
    expect(await news()).toStrictEqual([])
  })

  it("before it began has not begun", async () => {
    const { look, news, ledger } = await workbench()
    expect((await refusalOf(() => look(ledger, { signal: AbortSignal.abort() }))).code).toBe("Cancelled")
    expect(await news()).toStrictEqual([])
  })
})

describe("two looks at once", () => {
  it("at one source come one after the other, so that the second sees what changed during the first", async () => {
    const { source, ports, request, sees, news } = await workbench()
    sees([web])
    const looks = discovery([source], ports)
    const first = looks.look(source, request)
    const second = looks.look(source, { ...request, actor: "user:bob" })
    await first
    expect(source.looks).toBe(1)
    sees([web, nginx])
    expect((await second).changes).toBe(1)
    expect(typesOf(await news())).toStrictEqual([
      "TargetDiscovered",
      "DiscoveryCompleted",
      "ServiceDiscovered",
      "DiscoveryCompleted",
    ])
  })

  it("are each their asker's own to cancel", async () => {
    const { source, ports, request, sees } = await workbench()
    sees([web])
    const looks = discovery([source], ports)
    const cancelled = refusalOf(() => looks.look(source, { ...request, signal: AbortSignal.abort() }))
    const other = looks.look(source, request)
    expect((await cancelled).code).toBe("Cancelled")
    expect((await other).outcome).toBe("completed")
  })

  it("that fail leave the way free for the next", async () => {
    const { source, ports, request, sees } = await workbench()
    const shared = discovery([source], {
      ...ports,
      reached: () => Promise.reject(new FleetError("ViewsBehind", "late")),
    })
    sees([web])
    await Promise.all([refusalOf(() => shared.look(source, request)), refusalOf(() => shared.look(source, request))])
    expect((await refusalOf(() => shared.look(source, request))).code).toBe("ViewsBehind")
  })
})

/** The ledger, failing every append but the first so many. */
function failingAfter(ledger: Ledger, appends: number): Ledger {
  let done = 0
  return Object.assign(Object.create(ledger) as Ledger, {
    append(...call: Parameters<Ledger["append"]>) {
      if (done >= appends) return Promise.reject(new FleetError("StoreUnavailable", "the disk is full"))
      done += 1
      return ledger.append(...call)
    },
    readStream: (...call: Parameters<Ledger["readStream"]>) => ledger.readStream(...call),
    head: () => ledger.head(),
  })
}

describe("a run that is cut off", () => {
  const redis: Observation = { ...nginx, nativeKey: "redis", facets: { state: { status: "running" } } }

  it.each([0, 1, 2, 3])("after %d appends is completed by the next, without anything twice", async (appends) => {
    const { sees, look, news, ledger } = await workbench()
    sees([web, nginx, redis])
    expect((await refusalOf(() => look(failingAfter(ledger, appends)))).code).toBe("StoreUnavailable")
    expect(typesOf(await news())).not.toContain("DiscoveryCompleted")
    await look()
    await look()
    const events = await ledger.readAll({ after: origin, limit: 1_000 })
    expect(typesOf(events).toSorted()).toStrictEqual(
      ["DiscoveryCompleted", "PolicyAdopted", "ServiceDiscovered", "ServiceDiscovered", "TargetDiscovered"].toSorted(),
    )
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  })

  it("at its target leaves no service that runs nowhere, which no view could show", async () => {
    const { sees, look, news, document } = await workbench()
    sees([withFacets(web, { os: { kernel: "x".repeat(5_000) } }), nginx])
    expect((await refusalOf(() => look())).code).toBe("SchemaViolation")
    expect(await news()).toStrictEqual([])
    sees([web, nginx])
    await look()
    expect(await document(nginxId)).toMatchObject({ lifecycle: "observed" })
  })
})

describe("somebody else's write to one of its records during a look", () => {
  const name = stream(`target-${webId}`)
  const named = (value: string): NewEvent => ({
    type: "TargetChanged",
    data: { facet: "os", patch: [{ op: "add", path: "/os/id", value }] },
    metadata,
    observedAt,
  })
  const tagged: NewEvent = { type: "TargetTagged", data: { tag: "web", by: "hand", first: true }, metadata, observedAt }

  it.each([
    ["before it is decided", "source"],
    ["after it was decided", "append"],
  ])("%s has that record decided again, by what it is now", async (_, when) => {
    const { source, sees, look, ledger, document, news } = await workbench()
    sees([web, nginx])
    await look()
    await news()
    const write = async () => {
      await ledger.append(name, await ledger.revisionOf(name), [named("debian"), tagged], "theirs")
    }
    sees([withFacets(web, { os: { kernel: "6.5" } }), withFacets(nginx, { state: { status: "failed" } })])
    const prepared = source.next
    source.next = async (signal) => {
      if (when === "source") await write()
      return prepared(signal)
    }
    expect(await look(when === "append" ? meanwhile(ledger, write) : ledger)).toMatchObject({ changes: 2 })
    expect(await document(webId)).toMatchObject({
      os: { id: "debian", kernel: "6.5" },
      assigned: { tags: { "tag:web": { by: "hand" } } },
    })
    expect(typesOf(await news())).toContain("ServiceStateChanged")
    source.next = prepared
    expect(await look()).toMatchObject({ changes: 0 })
  })

  it("leaves to whom it was what the source's log accounts for", async () => {
    const { source, sees, look, ledger, clock, news } = await workbench()
    sees([web])
    await look()
    await news()
    const at = clock.now()
    const did = ({ path }: { readonly path: string }) => (path === "/os/kernel" ? true : undefined)
    const cause: Cause = { kind: "target", nativeKey: "web", by: "root@pam", reason: "upgrade 7", at, did }
    sees([withFacets(web, { os: { kernel: "6.5" } })])
    const prepared = source.next
    source.next = async (signal) => ({ ...(await prepared(signal)), causes: [cause] })
    const write = async () => {
      await ledger.append(name, await ledger.revisionOf(name), [tagged], "theirs")
    }
    await look(meanwhile(ledger, write))
    const changed = (await news()).filter(({ type }) => type === "TargetChanged")
    expect(changed).toMatchObject([{ metadata: { by: "root@pam", reason: "upgrade 7" }, occurredAt: at }])
  })

  it("does not keep a machine that is missing from being unseen", async () => {
    const { source, sees, look, ledger, document } = await workbench()
    sees([web])
    await look()
    sees([])
    const prepared = source.next
    source.next = async (signal) => {
      await ledger.append(name, await ledger.revisionOf(name), [tagged], "theirs")
      return prepared(signal)
    }
    expect(await look()).toMatchObject({ changes: 1 })
    expect(await document(webId)).toMatchObject({ lifecycle: "unseen" })
  })

  it("again and again makes the run give up, which the next one makes up for", async () => {
    const { sees, look, ledger, document } = await workbench()
    sees([web])
    await look()
    let written = 0
    const write = async () => {
      written += 1
      await ledger.append(name, await ledger.revisionOf(name), [named(`their ${written}`)], `theirs ${written}`)
    }
    sees([withFacets(web, { os: { kernel: "6.5" } })])
    expect((await refusalOf(() => look(meanwhile(ledger, write, 100)))).code).toBe("RevisionConflict")
    expect(written).toBeLessThan(10)
    await look()
    expect(await document(webId)).toMatchObject({ os: { kernel: "6.5" } })
  })

  /** A ledger to which somebody writes just before a run appends to the machine's record, so many times. */
  function meanwhile(ledger: Ledger, write: () => Promise<void>, times = 1): Ledger {
    let left = times
    return new Proxy(ledger, {
      get(target, property) {
        if (property !== "append") return Reflect.get(target, property)
        const append: Ledger["append"] = async (...given) => {
          if (given[0] === name && left-- > 0) await write()
          return target.append(...given)
        }
        return append
      },
    })
  }
})
