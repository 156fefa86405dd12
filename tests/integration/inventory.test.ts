/** Inventories that are exported in the formats of others, and those that are imported. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import type { Fleet } from "#fleet.js"
import { difference } from "#timeline/diff/diff.js"
import type { EntityDiff } from "#timeline/diff/item.js"
import type { Position } from "#kernel/point.js"
import { exported, imported } from "#tests/support/inventories.js"
import { scriptedFleet } from "#tests/support/scripted-fleet.js"
import { needs } from "#tests/support/real-parts.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"

const web = {
  kind: "target",
  id: "w",
  name: "web-1",
  resources: { cpu: "healthy" },
  facets: {
    access: { method: "ssh", address: "192.0.2.9", port: 2_222, user: "fleet" },
    labels: { role: "production", tags: { "tag:web": {} } },
    os: { id: "debian", name: "Debian GNU/Linux 12 (bookworm)", version: "12" },
    network: { addresses: { "ip:192.0.2.1": {} } },
    packages: {
      "pkg:openssl": { version: "1:3.0.11-1~deb12u2+b1", architecture: "amd64" },
      "pkg:libc6:i386": { version: "2.36", architecture: "i386" },
    },
  },
}
const odd = { kind: "target", id: "o", name: "{{ 7 * 7 }}", facets: { labels: { description: "=1+1" } } }
const nginx = { kind: "service", id: "n", name: "=cmd|' /C calc'!A0", on: "w", facets: { config: { stack: "shop" } } }
const shop = { kind: "stack", id: "s", name: "shop", on: "w", facets: { identity: { runtime: "compose" } } }

const all = [web, odd, nginx, shop]
const documentOf = (entities: readonly object[]) => JSON.stringify({ entities })
const linesOf = (entities: readonly object[]) => entities.map((entity) => JSON.stringify(entity)).join("\n")

async function fleetWith(entities: readonly object[]): Promise<Fleet> {
  const fleet = await scriptedFleet(new TestClock())
  await imported(fleet, documentOf(entities))
  return fleet
}

describe("an export", () => {
  it("tells each entity with where it is, at any point", async () => {
    const fleet = await fleetWith(all)
    const { position } = await fleet.ledger.head()
    await imported(fleet, documentOf([{ ...web, name: "web-2" }]))
    const lines = (await exported(fleet, { format: "ndjson", at: `position:${position}` })).trimEnd().split("\n")
    const [machine, , stack, service] = lines.map((line) => JSON.parse(line) as { name: string }).toSorted(byKind)
    expect(machine).toMatchObject({ kind: "target", name: "web-1", facets: web.facets, resources: web.resources })
    expect(stack).toMatchObject({ name: "shop", on: (machine as { id?: string }).id })
    expect(service).toMatchObject({ name: nginx.name, facets: nginx.facets })
    expect(await exported(fleet, { q: "role:production" })).toContain('"web-2"')
    expect(JSON.parse(await exported(fleet, { q: "role:lab" }))).toMatchObject({ q: "role:lab", entities: [] })
  })

  it("is CSV that no spreadsheet takes for formulas", async () => {
    const csv = await exported(await fleetWith(all), { format: "csv" })
    const rows = csv.trimEnd().split("\r\n")
    expect(rows).toHaveLength(5)
    expect(rows.find((row) => row.startsWith("target") && row.includes("web-1"))).toContain(
      ",web-1,,observed,production,web,healthy,",
    )
    expect(csv).toContain(",'=cmd|' /C calc'!A0,web-1,")
  })

  it.runIf(needs("ansible"))("is an inventory that Ansible takes, with no templates in it", async () => {
    const file = path.join(await tempFolder(), "inventory")
    fs.writeFileSync(`${file}.json`, await exported(await fleetWith(all), { format: "ansible" }))
    fs.writeFileSync(file, `#!/bin/sh\ncat ${file}.json\n`, { mode: 0o755 })
    const listed = execFileSync("ansible-inventory", ["-i", file, "--list"], { encoding: "utf8" })
    const { _meta, ...groups } = JSON.parse(listed) as { _meta: { hostvars: Record<string, object> } }
    expect(_meta.hostvars["web-1"]).toMatchObject({
      ansible_host: "192.0.2.9",
      ansible_port: 2_222,
      ansible_user: "fleet",
      fleet_ledger_tags: ["web"],
    })
    expect(groups).toMatchObject({
      role_production: { hosts: ["web-1"] },
      tag_web: { hosts: ["web-1"] },
      os_debian_12: { hosts: ["web-1"] },
      stack_shop: { hosts: ["web-1"] },
      ungrouped: { hosts: ["___7___7___"] },
    })
    const shown = execFileSync("ansible", ["-i", file, "___7___7___", "-m", "debug", "-a", "var=fleet_ledger_name"], {
      encoding: "utf8",
    })
    expect(shown).toContain("{{ 7 * 7 }}")
  })

  it("is what Prometheus asks for", async () => {
    const fleet = await fleetWith(all)
    const listed = JSON.parse(await exported(fleet, { format: "http_sd", port: 9_200, q: "web" })) as object[]
    expect(listed).toEqual([
      {
        targets: ["192.0.2.1:9200"],
        labels: expect.objectContaining({
          __meta_fleet_ledger_name: "web-1",
          __meta_fleet_ledger_role: "production",
          __meta_fleet_ledger_tags: ",web,",
        }),
      },
    ])
    expect(JSON.parse(await exported(fleet, { format: "http_sd", q: "role:lab" }))).toEqual([])
  })

  it("is a bill of materials of one machine", async () => {
    const fleet = await fleetWith(all)
    const asked = { format: "cyclonedx", entity: "web-1", at: "position:4" }
    const once = await exported(fleet, asked)
    expect(await exported(fleet, asked)).toBe(once)
    expect(JSON.parse(once)).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" })
    const purls = [...once.matchAll(/"purl": "(.*)"/g)].map(([, purl]) => purl)
    expect(new Set(purls)).toEqual(
      new Set([
        "pkg:deb/debian/libc6@2.36?arch=i386&distro=debian-12",
        "pkg:deb/debian/openssl@1:3.0.11-1~deb12u2%2Bb1?arch=amd64&distro=debian-12",
      ]),
    )
    await expect(exported(fleet, { format: "cyclonedx", entity: nginx.name })).rejects.toThrow("is a service")
    await expect(exported(fleet, { format: "cyclonedx", entity: odd.name })).rejects.toThrow("nobody has looked")
    await expect(exported(fleet, { format: "cyclonedx" })).rejects.toThrow("go together")
  })
})

function byKind(a: { name: string }, b: { name: string }): number {
  const order = ["web-1", odd.name, "shop", nginx.name]
  return order.indexOf(a.name) - order.indexOf(b.name)
}

/** What it is, the text, and what is said of it. */
const wrong: readonly (readonly [string, string, string])[] = [
  ["no JSON", `${documentOf(all).slice(0, -5)}}`, "cannot be understood"],
  ["half a document", documentOf(all).slice(0, -30), "ends in the midst"],
  ["an array", "[1]", "must be an object"],
  ["text", "hello", "must be an object"],
  ["nothing of ours", '{"a":1}', "entity 1 cannot be imported: at /kind"],
  ["another version", JSON.stringify({ version: 2, entities: [] }), "/version"],
  ["an unknown kind", linesOf([web, { kind: "router", name: "r" }]), "entity 2 (r) cannot be imported: at /kind"],
  [
    "a wrong value",
    linesOf([{ ...web, facets: { os: { id: 7 } } }]),
    "entity 1 (web-1) cannot be imported: at /facets/os/id",
  ],
  ["an unknown facet", linesOf([{ ...web, facets: { oss: {} } }]), "at /facets"],
  ["a machine that is not there", linesOf([nginx]), 'no machine with the id "w"'],
  ["the same twice", linesOf([web, web]), "another one of its kind"],
  ["half a character", linesOf([{ ...web, name: "\ud800" }]), "entity 1 (target)"],
  ["an entity without end", `{"kind":"target","name":"${"x".repeat(5 * 2 ** 20)}`, "longer than 4 MiB"],
  ["a heavy entity", linesOf([{ ...web, facets: { sockets: heavy() } }]), "they are longer than"],
]

describe("an import", () => {
  it.each([1, 7, 65_536])("understands documents and lines, in chunks of %i bytes", async (cut) => {
    const texts = [
      documentOf(all),
      JSON.stringify({ format: "fleet-ledger/inventory", version: 1, entities: all, more: [1] }, undefined, 2),
      linesOf(all),
      `\uFEFF${linesOf(all)}\n`,
    ]
    const fleet = await scriptedFleet(new TestClock())
    const changes: number[] = []
    for (const text of texts) changes.push((await imported(fleet, text, {}, cut)).changes)
    expect(changes).toEqual([4, 0, 0, 0])
  })

  it("concludes nothing of what it leaves out, unless it is said to be all", async () => {
    const fleet = await fleetWith(all)
    expect((await imported(fleet, documentOf([web]))).changes).toBe(0)
    const before = (await fleet.ledger.head()).position
    await imported(fleet, documentOf([web, nginx]), { complete: true })
    const after = (await fleet.ledger.head()).position
    const changes: EntityDiff[] = []
    const found = await difference(fleet.views, fleet.ledger, { from: before, to: after })
    for await (const item of found.items() ?? []) changes.push(item)
    expect(changes.map(({ entity, change }) => [entity.name, change])).toEqual([
      [odd.name, "removed"],
      ["shop", "removed"],
    ])
    expect((await imported(fleet, documentOf(all), { complete: true })).changes).toBeGreaterThan(0)
    const { position: to } = await fleet.ledger.head()
    const { summary } = await difference(fleet.views, fleet.ledger, { from: before, to })
    expect(summary).toEqual({ created: 0, modified: 0, removed: 0 })
  })

  it("holds what is missing when it is too much at once", async () => {
    const machines = Array.from({ length: 10 }, (_, i) => ({ kind: "target", name: `m${i}` }))
    const fleet = await fleetWith(machines)
    const few = documentOf(machines.slice(0, 3))
    expect(await imported(fleet, few, { complete: true })).toMatchObject({ held: 7, changes: 0 })
    expect(await imported(fleet, few, { complete: true, acceptAbsence: true })).toMatchObject({ held: 0 })
    expect(JSON.parse(await exported(fleet))).toMatchObject({ entities: [{}, {}, {}] })
  })

  it("that is wrong somewhere is refused as a whole", async () => {
    const fleet = await scriptedFleet(new TestClock())
    const { position } = await fleet.ledger.head()
    for (const [what, text, sentence] of wrong)
      await expect(imported(fleet, text).then(() => what)).rejects.toMatchObject({
        code: "InvalidInput",
        message: expect.stringContaining(sentence),
      })
    expect((await fleet.ledger.head()).position).toBe(position)
  })

  it("of a part is not taken for all, nor is a service for one that moved", async () => {
    const fleet = await fleetWith(all)
    await expect(imported(fleet, await exported(fleet, { q: "web" }), { complete: true })).rejects.toThrow("the filter")
    await expect(imported(fleet, linesOf([web, odd, { ...nginx, on: "o" }]))).rejects.toThrow("another machine")
  })
})

function heavy(): object {
  return Object.fromEntries(
    Array.from({ length: 3_000 }, (_, i) => [`tcp:${i}`, { port: i, process: "x".repeat(100) }]),
  )
}

describe("two versions of an inventory of 1,000 machines", () => {
  it("differ by exactly what was created, modified and removed", async () => {
    const machine = (i: number, kernel: string) => ({
      kind: "target",
      id: `m${i}`,
      name: `m${i}`,
      facets: { os: { kernel } },
    })
    const first = Array.from({ length: 1_000 }, (_, i) => machine(i, "6.1"))
    // The first 30 are gone, the next 60 changed, and 30 are new.
    const second = Array.from({ length: 1_000 }, (_, i) => machine(i + 30, i < 60 ? "6.2" : "6.1"))
    const fleet = await fleetWith(first)
    const before = (await fleet.ledger.head()).position
    await imported(fleet, documentOf(second), { complete: true })
    const after = (await fleet.ledger.head()).position
    const count = async (from: Position, to: Position) => {
      const { summary } = await difference(fleet.views, fleet.ledger, { from, to })
      return [summary.created, summary.modified, summary.removed]
    }
    expect(await count(before, after)).toEqual([30, 60, 30])
    expect(await count(after, after)).toEqual([0, 0, 0])
    expect((await imported(fleet, documentOf(second), { complete: true })).changes).toBe(0)
  })
})
