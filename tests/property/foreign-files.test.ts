/** Files that people and other programs write, damaged: read as what they still say, or refused by an error of ours, in no long time. */
import { parseInventory } from "#discovery/sources/file/parse.js"
import { parseConfig } from "#discovery/sources/ssh/config.js"
import { hostKey, judge, keyText, parseKnownHosts } from "#discovery/sources/ssh/known-hosts.js"
import { readInventory } from "#inventory/read.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { Json } from "#kernel/json.js"
import { changedJson, damaged, foreignRuns, orRefused } from "#tests/support/foreign.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

async function* chunksOf(text: string, size = 1_000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const inventory: Json = {
  format: "fleet-ledger/inventory",
  version: 1,
  at: { position: 7, time: "2026-11-23T14:00:00.000Z" },
  q: null,
  entities: [
    {
      kind: "target",
      id: "a",
      name: "web-1",
      lifecycle: "observed",
      sources: ["here"],
      resources: { cpu: "healthy" },
      facets: { os: { kernel: "6.1.0" }, packages: { "pkg:nginx": { version: "1" } }, network: { interfaces: {} } },
    },
    { kind: "service", id: "b", name: "nginx", on: "a", flapping: true, facets: { state: { status: "running" } } },
    { kind: "stack", name: "shop", on: "a", facets: {} },
  ],
}

describe("an inventory that is imported", () => {
  const read = (text: string) => readInventory(chunksOf(text), new Set(["known"]))

  it("is entities that can be recorded, or refused", async () => {
    expect((await read(JSON.stringify(inventory))).observations).toHaveLength(3)
    const lines = (inventory["entities"] as Json[]).map((entity) => JSON.stringify(entity)).join("\n")
    const texts = fc.oneof(
      damaged([JSON.stringify(inventory), JSON.stringify(inventory, null, 2), lines]),
      changedJson([inventory]).map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        for (const { kind, nativeKey, on, facets } of (await orRefused(() => read(text)))?.observations ?? []) {
          expect(["target", "service", "stack"]).toContain(kind)
          expect(nativeKey).not.toBe("")
          expect(on === undefined).toBe(kind === "target")
          canonicalJson(facets)
        }
      }),
      { numRuns: foreignRuns },
    )
  })
})

const samples = [
  "[web]\nweb-[01:03].example.org ansible_host=10.0.0.1 ansible_port=2222\n[web:vars]\nuser=fleet\n[all:children]\nweb\n; said\nnas ansible_host='::1' # here\n",
  "all:\n  hosts:\n    nas: {ansible_host: 10.0.0.7}\n  children:\n    web:\n      hosts:\n        web-1:\n        web-2: &a\n          ansible_port: 22\n        web-3: *a\n",
  '{"_meta": {"hostvars": {"nas": {"ansible_host": "10.0.0.7"}}}, "all": {"children": ["web"]}, "web": {"hosts": ["nas"], "vars": {}}}',
  "hosts:\n  - name: nas\n    addresses: [10.0.0.7, '::1']\n    role: lab\n    tags: [spare]\n    services:\n      - name: nginx\n",
]

it("an entity that is imported has a name or an id", async () => {
  const read = (entity: object) => readInventory(chunksOf(JSON.stringify({ kind: "target", ...entity })), new Set())
  await expect(read({ name: "" })).rejects.toThrow("entity 1 cannot be imported: at /id: what has no name needs an id")
  expect((await read({ name: "", id: "a" })).observations).toHaveLength(1)
})

describe("an inventory of Ansible's or one's own", () => {
  it("is machines, or refused with its name in front", async () => {
    for (const sample of samples) expect(() => parseInventory(sample, "hosts")).not.toThrow()
    const json = changedJson([JSON.parse(samples[2] ?? "") as Json]).map((value) => JSON.stringify(value))
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 3, arbitrary: damaged(samples) }, json), async (text) => {
        const read = await orRefused(() => parseInventory(text, "hosts"))
        expect(typeof read === "object" || read === undefined).toBe(true)
      }),
      { numRuns: foreignRuns },
    )
  })
})

const key = `ssh-ed25519 ${Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), Buffer.alloc(32, 7)]).toString("base64")}`
const other = hostKey(
  Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), Buffer.alloc(32, 8)]),
)

describe("the files of ssh", () => {
  const knownHosts = [
    `web1,10.0.0.1 ${key} a comment\n[web2]:2222 ${key}\n@revoked * ${key}\n# nothing\n|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ${key}\n*.example.org,!db.example.org ${key}\n`,
  ]

  it("known_hosts, however damaged, trusts no key that it does not hold", async () => {
    if (other === undefined) throw new Error("no key")
    await fc.assert(
      fc.asyncProperty(
        damaged(knownHosts),
        fc.constantFrom("web1", "[web2]:2222", "a.example.org", "*", ""),
        async (text, name) => {
          const verdict = await orRefused(() => judge(parseKnownHosts(text), name, other))
          expect(text.includes(keyText(other)) || verdict?.is !== "trusted").toBe(true)
        },
      ),
      { numRuns: foreignRuns },
    )
  })

  it("ssh_config, however damaged, is lines of a keyword and its words", async () => {
    const config =
      'Host web* !web9\n HostName %h.example.org\n Port=2222 # a comment\nIdentityFile "/keys/a b"\nMatch originalhost web1 exec "true"\n ProxyJump a,b:22\nInclude conf.d/*\n'
    await fc.assert(
      fc.asyncProperty(damaged([config]), async (text) => {
        for (const { keyword, words } of (await orRefused(() => parseConfig(text))) ?? []) {
          expect(keyword).toMatch(/^[a-z]\w*$/u)
          expect(words).not.toStrictEqual([])
        }
      }),
      { numRuns: foreignRuns },
    )
  })
})
