/** Looks of several sources at the same machines: what is linked, what is put up for review, and what never is. */
import type { EventType } from "#events/catalog.js"
import type { Look, Observation, Source } from "#discovery/observation.js"
import { runDiscovery } from "#discovery/run.js"
import { recordId } from "#kernel/ids.js"
import type { Ledger } from "#ledger/port.js"
import { workbench } from "#tests/support/discovery-bench.js"
import { metadata, observedAt } from "#tests/support/sample-events.js"
import { describe, expect, it } from "vitest"

const uuid = "4c4c4544-0042-3510-8056-b7c04f4d3332"
const machineId = "8f2c3a1be0d94c5f9a7754d0c1b2e3f4"

const seenAs = (nativeKey: string, facets: Observation["facets"]): Observation => ({
  kind: "target",
  nativeKey,
  facets,
})
const hostnamed = (name: string) => ({ name, hostname: name })
const card = (mac: string) => ({ interfaces: { "if:eth0": { mac, link: "up" } } })
const own = seenAs("nas", {
  identity: { ...hostnamed("nas"), machineId, smbiosUuid: uuid },
  network: card("00:1b:21:3a:4f:01"),
  hardware: { virtualization: "none" },
})

/** Sources by name, each of which sees what the test says. */
async function sources() {
  const bench = await workbench()
  const look = async (name: string, observations: readonly Observation[], ports = bench.ports) => {
    const coverage = { rights: "root", looked: {}, notLooked: {}, complete: { target: true, service: true } }
    const seen: Look = { observedAt: bench.clock.now(), observations, coverage }
    const source: Source = { name, kind: "scripted", look: async () => seen }
    const before = (await bench.ledger.head()).position
    const { position } = await runDiscovery(source, ports, bench.request)
    const events = await bench.ledger.readAll({ after: before, limit: 1_000 })
    const told: EventType[] = events.filter(({ stream }) => stream === "identity").map(({ type }) => type)
    await bench.ports.reached(position)
    return told
  }
  const members = async (source: string, nativeKey: string) => {
    const { position } = await bench.ledger.head()
    const records = await bench.views.inventory.membersOf(recordId(source, "target", nativeKey), position)
    return records.map((record) => `${record.source}/${record.nativeKey}`)
  }
  return { ...bench, look, members }
}

describe("a machine that two sources see", () => {
  it("is one, with the id that it had first; looking again links nothing again", async () => {
    const { look, members } = await sources()
    await look("here", [own])
    expect(await look("ssh", [own])).toStrictEqual(["RecordsLinked"])
    expect(await members("here", "nas")).toStrictEqual(["here/nas", "ssh/nas"])
    expect(await look("ssh", [own])).toStrictEqual([])
    expect(await look("here", [own])).toStrictEqual([])
  })

  it("is one though its SMBIOS UUID is printed in the other byte order, and it was renamed", async () => {
    const { look, members } = await sources()
    await look("here", [own])
    const swapped = "44454c4c-4200-1035-8056-b7c04f4d3332"
    const guest = seenAs("qemu/101", {
      identity: { name: "storage", smbiosUuid: swapped },
      network: card("00:1B:21:3A:4F:01"),
    })
    expect(await look("pve", [guest])).toStrictEqual(["RecordsLinked"])
    expect(await members("here", "nas")).toStrictEqual(["here/nas", "pve/qemu/101"])
  })

  it("is linked when evidence comes later, and stays linked when evidence goes", async () => {
    const { look, members } = await sources()
    await look("here", [own])
    expect(await look("tailnet", [seenAs("n1", { identity: { name: "box" } })])).toStrictEqual([])
    const later = seenAs("n1", {
      identity: { name: "box", machineId },
      network: card("00:1b:21:3a:4f:01"),
    })
    expect(await look("tailnet", [later])).toStrictEqual(["RecordsLinked"])
    await look("tailnet", [seenAs("n1", { identity: { name: "box" } })])
    expect(await members("here", "nas")).toStrictEqual(["here/nas", "tailnet/n1"])
  })
})

describe("machines that are not one", () => {
  it("are not linked for a machine id that was copied with a disk", async () => {
    const { look, members } = await sources()
    await look("here", [own])
    const clone = seenAs("nas-2", {
      identity: { ...hostnamed("nas-2"), machineId, smbiosUuid: "11111111-2222-3333-4444-555555555555" },
      network: card("00:1b:21:3a:4f:02"),
    })
    expect(await look("ssh", [clone])).not.toContain("RecordsLinked")
    expect(await members("here", "nas")).toStrictEqual(["here/nas"])
  })

  it("are not linked for a name alone, but put up for review, once", async () => {
    const { look, members } = await sources()
    await look("here", [own])
    const named = seenAs("nas.lan", { identity: { name: "nas.lan" } })
    expect(await look("inventory", [named])).toStrictEqual(["RecordsDoubted"])
    expect(await look("inventory", [named])).toStrictEqual([])
    expect(await members("here", "nas")).toStrictEqual(["here/nas"])
  })

  it("are two when one look of what lists its guests saw both, whatever they share", async () => {
    const { look, ports, members } = await sources()
    const apart = { ...ports, tellsApart: () => true }
    const copies = [own, { ...own, nativeKey: "copy" }]
    expect(await look("pve", copies, apart)).not.toContain("RecordsLinked")
    expect(await members("pve", "nas")).toStrictEqual(["pve/nas"])
  })
})

describe("what a person said", () => {
  it("holds against evidence at every later look", async () => {
    const { look, members, ledger } = await sources()
    await look("here", [own])
    await look("ssh", [own])
    const [a, b] = [recordId("here", "target", "nas"), recordId("ssh", "target", "nas")]
    const said = { metadata: { actor: "user:ada" }, observedAt: "2026-11-23T14:00:00.000Z" as never }
    const revision = await ledger.revisionOf("identity" as never)
    const { position } = await ledger.append(
      "identity" as never,
      revision,
      [
        { type: "RecordsUnlinked", data: { record: b, target: a, reasons: [] }, ...said },
        { type: "RecordsSeparated", data: { records: [a, b], reasons: [] }, ...said },
      ],
      "by hand",
    )
    expect(position).toBeGreaterThan(0)
    const renamed = { ...own, facets: { ...own.facets, identity: { ...own.facets["identity"], name: "nas.lan" } } }
    expect(await look("ssh", [renamed])).not.toContain("RecordsLinked")
    expect(await members("here", "nas")).toStrictEqual(["here/nas"])
  })

  it("while a look was about to link comes first, and the next look links what is left, though it sees nothing new", async () => {
    const { look, ports, ledger, members } = await sources()
    await look("here", [own, seenAs("pc", { identity: hostnamed("pc") })])
    const [nas, pc] = [recordId("here", "target", "nas"), recordId("here", "target", "pc")]
    const data = { records: [nas, pc] as [string, string], reasons: [] }
    const said = { type: "RecordsSeparated", data, metadata, observedAt } as const
    const racing: Ledger = new Proxy(ledger, {
      get(target, property) {
        if (property !== "append") return Reflect.get(target, property)
        const append: Ledger["append"] = async (...given) => {
          const [name] = given
          if (name === "identity") await ledger.append(name, await ledger.revisionOf(name), [said], "by hand")
          return target.append(...given)
        }
        return append
      },
    })
    expect(await look("ssh", [own], { ...ports, ledger: racing })).toStrictEqual(["RecordsSeparated"])
    expect(await look("ssh", [own])).toStrictEqual(["RecordsLinked"])
    expect(await members("here", "nas")).toStrictEqual(["here/nas", "ssh/nas"])
  })
})
