/** Numbers of guests that are given again: another guest is another record, and the same one, however it was restored or edited, is the same. */
import type { Cause, Observation } from "#discovery/observation.js"
import { digestBy } from "#discovery/unchanged.js"
import type { NewEvent } from "#events/catalog.js"
import { defaultPolicy } from "#events/policy.js"
import { proxmoxSource } from "#discovery/sources/proxmox.js"
import { instant, epochMs } from "#kernel/clock.js"
import type { JsonObject } from "#kernel/json.js"
import { recordId } from "#kernel/ids.js"
import { discoveryBench, everywhere, workbench } from "#tests/support/discovery-bench.js"
import { proxmox, task, tokenSecret } from "#tests/support/proxmox.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { describe, expect, it } from "vitest"

interface Made {
  readonly uuid?: string | null
  readonly made?: string | null
  readonly generation?: string | null
  readonly macs?: readonly string[]
}

const first: Made = { uuid: "u1", made: "2026-01-01", generation: "g1", macs: ["m1", "m2"] }

function guest({ uuid, made, generation, macs }: Made): Observation {
  const interfaces = macs && Object.fromEntries(macs.map((mac, i) => [`if:net${i}`, { mac }]))
  const facets = {
    identity: { name: "web", smbiosUuid: uuid },
    guest: { kind: "qemu", vmid: 100, createdAt: made, generationId: generation },
    network: { interfaces },
  }
  // What is undefined was not looked at.
  return {
    kind: "target",
    nativeKey: "qemu/100",
    facets: JSON.parse(JSON.stringify(facets)) as Record<string, JsonObject>,
  }
}

/** What a look makes of another sight of the same number. */
async function then(made: Made, before: Made = first, causes: readonly Cause[] = []): Promise<string[]> {
  const bench = await workbench()
  bench.sees([guest(before)])
  await bench.look()
  await bench.news()
  bench.sees([guest(made)])
  const sees = bench.source.next
  bench.source.next = async (signal) => ({ ...(await sees(signal)), causes })
  await bench.look()
  const types = (await bench.news()).map(({ type }) => type as string).filter((type) => type !== "DiscoveryCompleted")
  await bench.look()
  expect((await bench.news()).filter(({ type }) => type.startsWith("Target"))).toStrictEqual([])
  return types
}

const another = ["TargetUnseen", "TargetRetired", "TargetDiscovered"]
const other: Made = { uuid: "u2", made: "2026-02-02", generation: "g2", macs: ["m3"] }

describe("a number that is given again is another guest's", () => {
  it.each([
    ["made anew", other],
    ["made anew with the cards of the old one", { ...other, macs: ["m1"] }],
    ["cloned from the same template", { ...other, made: "2026-01-01" }],
    ["cloned from the same template, without generation ids", { ...other, made: "2026-01-01", generation: null }],
    ["made before there were times of making", { ...other, made: null, generation: null }],
    ["made without a UUID", { ...other, uuid: null }],
  ] as const)("%s", async (_, made) => {
    expect(await then(made)).toStrictEqual(another)
  })

  it("made anew as a container, which has nothing of its own but a task that made it and its cards", async () => {
    const container: Made = { macs: ["m1"] }
    const cause = (nativeKey: string): Cause => {
      const at = instant(Date.UTC(2026, 11, 1))
      return { kind: "target", nativeKey, reason: "vzcreate", at, begins: true, did: () => undefined }
    }
    expect(await then({ macs: ["m3"] }, container, [cause("qemu/100")])).toStrictEqual(another)
    expect(await then({ macs: ["m3"] }, container, [cause("qemu/101")])).toStrictEqual(["TargetChanged"])
    expect(await then({ macs: ["m1"] }, container, [cause("qemu/100")])).toStrictEqual([])
  })
})

it("ends though somebody writes to its record meanwhile, and the other is remembered as it was seen", async () => {
  const bench = await workbench()
  bench.sees([guest(first)])
  await bench.look()
  await bench.news()
  bench.sees([guest(other)])
  const prepared = bench.source.next
  bench.source.next = async (signal) => {
    const name = stream(`target-${recordId("here", "target", "qemu/100")}`)
    const tagged: NewEvent = {
      type: "TargetTagged",
      data: { tag: "web", by: "hand", first: true },
      metadata,
      observedAt,
    }
    await bench.ledger.append(name, await bench.ledger.revisionOf(name), [tagged], "theirs")
    return prepared(signal)
  }
  await bench.look()
  const types = (await bench.news()).map(({ type }) => type)
  // The other is discovered at once; the old one is decided upon again.
  expect(types.filter((type) => another.includes(type)).toSorted()).toStrictEqual(another.toSorted())
  bench.source.next = prepared
  expect(await bench.look()).toMatchObject({ changes: 0 })
  const next = recordId("here", "target", "qemu/100", 1)
  const digest = digestBy(defaultPolicy, "test")(guest(other))
  expect(await bench.ops.decided.revision(next, digest)).toBe(0)
})

describe("a guest is the same", () => {
  it.each([
    ["restored from a backup, or gone back to a snapshot", { ...first, generation: "g2" }, 1],
    ["with other cards", { ...first, macs: ["m3"] }, 1],
    ["with another UUID, by an edit", { ...first, uuid: "u2" }, 1],
    ["with another UUID and no generation id, by an edit", { ...first, uuid: "u2", generation: null }, 2],
    ["of which the settings could not be read", {}, 0],
    ["that lost what it was made with", { macs: ["m3"], uuid: null, made: null, generation: null }, 3],
  ] as const)("%s", async (_, made, changes) => {
    expect(await then(made)).toStrictEqual(Array.from({ length: changes }, () => "TargetChanged"))
  })
})

describe("what was known under the name", () => {
  it("ends with what was on it, and both histories stand apart from then on", async () => {
    const bench = await workbench()
    const service: Observation = {
      kind: "service",
      nativeKey: "db",
      on: "qemu/100",
      facets: { identity: { name: "db" } },
    }
    bench.sees([guest(first), service])
    await bench.look()
    bench.sees([guest(other), service], everywhere)
    await bench.look()
    const ids = (kind: string, key: string) => [0, 1].map((generation) => recordId("here", kind, key, generation))
    const lifecycles = async () => {
      const found = [...ids("target", "qemu/100"), ...ids("service", "db")].map((id) => bench.document(id))
      return (await Promise.all(found)).map((document) => document?.["lifecycle"])
    }
    expect(await lifecycles()).toStrictEqual(["retired", "observed", "retired", "observed"])
    const [, newer = ""] = ids("service", "db")
    expect((await bench.views.inventory.record(newer))?.targetId).toBe(ids("target", "qemu/100")[1])

    bench.sees([], everywhere)
    for (let i = 0; i < 5; i++) await bench.look()
    await bench.news()
    bench.sees([guest({ ...first, uuid: "u3", made: "2026-03-03", generation: "g3" })])
    await bench.look()
    const [event, ...more] = (await bench.news()).filter(({ type }) => type.startsWith("Target"))
    expect([event?.data, more]).toMatchObject([{ generation: 2 }, []])
  })

  it("was destroyed by one and the next made by another, as Proxmox has it", async () => {
    const bench = await discoveryBench()
    const stub = await proxmox()
    const rack = proxmoxSource("rack", stub.options, { secret: () => tokenSecret, clock: bench.clock })
    await bench.lookAt(rack)
    await bench.news()
    const soon = (seconds: number) => instant(epochMs(bench.clock.now()) + seconds * 1_000)
    stub.replies["/nodes/pve1/tasks"] = [
      task("qmcreate", 100, "carol@pve", soon(90)),
      task("qmdestroy", 100, "eve@pam", soon(60)),
    ]
    stub.replies["/nodes/pve1/qemu/100/config?current=1"] = {
      digest: "new",
      meta: "creation-qemu=10.1.2,ctime=1774000000",
      smbios1: "uuid=ffffffff-0000-4000-8000-000000000100",
      vmgenid: "ffffffff-0000-4000-8000-000000000100",
      net0: "virtio=BC:24:11:00:09:00,bridge=vmbr0",
    }
    await bench.lookAt(rack)
    const told = (await bench.news()).filter(({ type }) => type.startsWith("Target"))
    expect(told.map((event) => `${event.type} ${event.metadata.by}`)).toStrictEqual([
      "TargetUnseen eve@pam",
      "TargetRetired eve@pam",
      "TargetDiscovered carol@pve",
    ])
  })
})
