/** Inventories in files: what each format says, that no secret of theirs is taken, and that a file which is broken says nothing rather than "nothing". */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { fileSource } from "#discovery/sources/file.js"
import { inventorySchema } from "#discovery/sources/file/own.js"
import { parseInventory } from "#discovery/sources/file/parse.js"
import { expandRanges } from "#discovery/sources/file/ranges.js"
import { FleetError } from "#kernel/errors.js"
import { anyJson } from "#tests/support/any-json.js"
import { lookAt } from "#tests/support/look.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import * as fc from "fast-check"
import * as z from "zod"
import { describe, expect, it } from "vitest"

async function written(text: string): Promise<string> {
  const file = path.join(await tempFolder(), "hosts")
  await fs.writeFile(file, text)
  return file
}

const seenIn = async (text: string) => lookAt(fileSource("inventory", { path: await written(text) }))

/** What is said of a text that is no inventory, after the file's name. */
async function refusal(text: string): Promise<string> {
  const file = await written(text)
  const error = await refusalOf(() => lookAt(fileSource("inventory", { path: file })))
  expect(error.code).toBe("SourceUnavailable")
  return error.message.replaceAll(file, "hosts")
}

const own = `# Rack 3
hosts:
  - name: web1.example.org
    addresses: [10.0.0.11, "2001:db8::11"]
    role: production
    environment: prod
    description: The shop
    owner: ada
    tags: [shop, eu]
    services:
      - {name: nginx, ports: [80, 443]}
      - name: cron
  - name: lab
`

describe("our own inventory", () => {
  it("says who is there, what for, and what runs there", async () => {
    const look = await seenIn(own)
    expect(look.of("web1.example.org").facets).toStrictEqual({
      identity: { name: "web1.example.org", fqdn: "web1.example.org" },
      network: { addresses: { "ip:10.0.0.11": {}, "ip:2001:db8::11": {} } },
      labels: {
        role: "production",
        environment: "prod",
        description: "The shop",
        owner: "ada",
        tags: { "tag:shop": {}, "tag:eu": {} },
      },
    })
    expect(look.of("nginx@web1.example.org")).toStrictEqual({
      kind: "service",
      nativeKey: "nginx@web1.example.org",
      on: "web1.example.org",
      facets: { identity: { name: "nginx" }, config: { ports: { "tcp:80": {}, "tcp:443": {} } } },
    })
    expect(look.of("lab").facets["labels"]).toMatchObject({ role: null, description: null, tags: {} })
    expect(look.coverage.complete).toStrictEqual({ target: true, service: true })
  })

  it("is described by a JSON Schema", () => {
    expect(z.toJSONSchema(inventorySchema, { io: "input" })).toMatchObject({
      properties: { hosts: { items: { required: ["name"] } } },
    })
  })

  it("says the same again", async () => {
    expect((await seenIn(own)).observations).toStrictEqual((await seenIn(own)).observations)
  })

  it.each([
    ["hosts:\n  - name: a\n    rolle: lab\n", /^hosts:3: there is no key "rolle"; did you mean "role"\?$/],
    ["hosts:\n  - name: a\n    role: prod\n", /^hosts:3: "hosts\.0\.role" is wrong: .*production/],
    [
      "hosts:\n  - name: a\n    addresses: [10.0.0.0/8]\n",
      /^hosts:3: "hosts\.0\.addresses\.0" is wrong: an IP address/,
    ],
    ["hosts:\n  - name: a\n  - name: b\n  - name: a\n", /^hosts:4: there is another host "a" at hosts:2$/],
    ["hosts:\n  web1: {}\n", /^hosts:2: "hosts" is wrong: .*array/],
    ["hosts:\n  - name: a\n   role: lab\n", /^hosts:3: it is not YAML: /],
    ["hosts:\n  - name: a\n    role: lab\n    role: gateway\n", /^hosts:4: the key "role" is there twice$/],
    ["hosts: []\n", /^hosts holds no hosts; if that is meant, take the source "inventory" out of the configuration$/],
  ])("names the line of what is wrong in %j", async (text, message) => {
    expect(await refusal(text)).toMatch(message)
  })
})

const ini = `; all there is
mail ansible_host=10.0.0.5 ansible_password=hunter2

[web] # the shop
web[01:03].example.org
10.0.0.9 ansible_user="ada b" secret='a # b' # old
db-[a:b]:2222

[front:children]
web

[loop:children]
front
[front:children]
loop

[web:vars]
ansible_password=hunter2
`

const yamlInventory = `---
all:
  hosts:
    mail: {ansible_host: 10.0.0.5, ansible_password: hunter2}
  children:
    loop:
      children:
        front:
          children:
            loop:
            web:
              hosts:
                web[01:03].example.org:
                10.0.0.9: {ansible_user: ada b, token: !vault "hunter2"}
                db-[a:b]: {ansible_port: 2222}
              vars: {ansible_password: hunter2}
`

const members = ["web01.example.org", "web02.example.org", "web03.example.org", "10.0.0.9", "db-a", "db-b"]
const json = JSON.stringify({
  _meta: {
    hostvars: {
      mail: { ansible_host: "10.0.0.5", ansible_password: "hunter2" },
      "10.0.0.9": { ansible_user: { __ansible_unsafe: "ada b" } },
      "web01.example.org": { ansible_host: "{{ inventory_hostname }}", ansible_port: { __ansible_vault: "hunter2" } },
      "db-a": { ansible_port: 2222 },
      "db-b": { ansible_port: "2222" },
    },
  },
  all: { children: ["ungrouped", "loop"] },
  ungrouped: { hosts: ["mail"] },
  loop: { children: ["front"] },
  front: { children: ["web", "loop"] },
  web: members,
})

describe.each([
  ["INI", ini],
  ["YAML", yamlInventory],
  ["the JSON of --list", json],
])("an inventory of Ansible's in %s", (_, text) => {
  it("says who is there, in which groups, and how they are reached", async () => {
    const look = await seenIn(text)
    expect(look.observations.map(({ nativeKey }) => nativeKey).sort()).toStrictEqual([...members, "mail"].sort())
    const groups = { "group:web": {}, "group:front": {}, "group:loop": {} }
    expect(look.of("web02.example.org").facets).toStrictEqual({
      identity: { name: "web02.example.org", fqdn: "web02.example.org" },
      network: { addresses: {} },
      labels: { groups },
      access: {},
    })
    expect(look.of("10.0.0.9").facets).toStrictEqual({
      identity: { name: "10.0.0.9" },
      network: { addresses: { "ip:10.0.0.9": {} } },
      labels: { groups },
      access: { user: "ada b" },
    })
    expect(look.of("db-b").facets).toMatchObject({ access: { port: 2222 }, labels: { groups } })
    expect(look.of("mail").facets).toMatchObject({
      network: { addresses: { "ip:10.0.0.5": {} } },
      access: { address: "10.0.0.5" },
      labels: { groups: {} },
    })
    expect(look.coverage.complete).toStrictEqual({ target: true, service: false })
  })

  it("keeps its secrets to itself", async () => {
    expect(JSON.stringify(await seenIn(text))).not.toContain("hunter2")
  })
})

describe("an inventory of Ansible's that is broken", () => {
  it.each([
    ["[web\nweb1\n", /^hosts:1: the range in "\[web" makes no sense/],
    ["[web]\nweb[3:1]\n", /^hosts:2: the range in "web\[3:1\]" makes no sense/],
    ["[web]\nweb[1:99999999]\n", /^hosts:2: .* more than 10000 hosts$/],
    ["[web:kids]\n", /^hosts:1: a section is of children or vars, and not "kids"$/],
    ["[web]\nweb1 user=ada hunter2\n", /^hosts:2: after a host's name, variables are given as name=value$/],
    ['[web]\nweb1 user="ada\n', /^hosts:2: a quote is not closed$/],
    ["[web]\n# web1\n", /^hosts holds no hosts; /],
    ["", /^hosts holds no hosts; /],
    ["all:\n  hosts:\n    - web1\n", /^hosts:3: "all\.hosts" must hold names with a colon after each$/],
    ["all:\n  host:\n    web1:\n", /^hosts:3: a group has hosts, children and vars, and no "host"$/],
    ['{"web": {"hosts": ["a"]},\n "db": hunter2}', /^hosts:2: it is not JSON from here on$/],
    ['{"web": {"hosts": "a"}}', /^hosts: the hosts and children of "web" must be lists of names$/],
    ['{"_meta": {"hostvars": {}}}', /^hosts holds no hosts; /],
  ])("is refused whole, with the line: %j", async (text, message) => {
    expect(await refusal(text)).toMatch(message)
  })

  it("has no more hosts or groups than anybody has", async () => {
    const groups = Array.from({ length: 2_001 }, (_, i) => `[g${i}]`).join("\n")
    expect(await refusal(groups)).toMatch(/^hosts:2001: there are more than 2000 groups$/)
    expect(await refusal("a[1:10000]\nb\n")).toMatch(/^hosts:2: there are more than 10000 hosts$/)
  })
})

describe("a file that cannot be read", () => {
  it("is named, and says nothing of the fleet", async () => {
    const folder = await tempFolder()
    const missing = path.join(folder, "missing")
    expect(await refusalOf(() => lookAt(fileSource("inventory", { path: missing })))).toMatchObject({
      code: "SourceUnavailable",
      message: expect.stringContaining(`the inventory ${missing} cannot be read: ENOENT`),
    })
    for (const other of [folder, "/dev/zero"])
      expect((await refusalOf(() => lookAt(fileSource("inventory", { path: other })))).message).toMatch(
        /it is not a file$/,
      )
  })
})

describe("any text", () => {
  const pieces = fc.constantFrom(
    ..."[ ] : [web] [web:children] [a:c] [1:3] - \n \n\n hosts: name: all: children: & * ! | > { } , \" ' # = \t \0 \u001B[31m __proto__ constructor 10.0.0.1 ::1 <<: --- é \uD800".split(
      " ",
    ),
    "\n  ",
    "\n    ",
  )
  const texts = fc.oneof(
    fc.array(pieces, { maxLength: 30 }).map((words) => words.join("")),
    fc.array(pieces, { maxLength: 30 }).map((words) => words.join(" ")),
    fc.string({ unit: "binary", maxLength: 60 }),
    anyJson.map((value) => JSON.stringify(value)),
    anyJson.map((value) => JSON.stringify({ hosts: value })),
    anyJson.map((value) => `{"web": ${JSON.stringify(value)}}`),
  )

  it("is an inventory, or refused by an error of ours", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        try {
          parseInventory(text, "hosts")
        } catch (error) {
          if (!(error instanceof FleetError)) throw error
          expect(error.message).toMatch(/^hosts/)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ["brackets within brackets", `a: ${"[".repeat(20_000)}`],
    [
      "aliases of aliases",
      `a: &a [x,x]\n${"bcdefghij"
        .split("")
        .map((name, i) => `${name}: &${name} [*${"abcdefghi".charAt(i)},*${"abcdefghi".charAt(i)}]`)
        .join("\n")}`,
    ],
    ["groups within groups", `${"{g: {children: ".repeat(1_000)}{}${"}}".repeat(1_000)}`.slice(1, -1)],
    ["ranges of ranges", "[1:9]".repeat(10_000)],
    ["colons", `a${":".repeat(200_000)}`],
    ["open quotes", "'".repeat(200_001)],
    ["a long name", `[web]\n${"x".repeat(1_000_000)}\n`],
  ])("is no way to keep it busy: %s", (_, text) => {
    const before = performance.now()
    expect(() => parseInventory(text, "hosts")).not.toThrow(RangeError)
    expect(performance.now() - before).toBeLessThan(15_000)
  })

  it("of hostile names makes names that fit on a line", async () => {
    const look = await seenIn(
      `{"all": {"hosts": ["__proto__", "\\u001b[31mred", "a\\u0000b", "${"x".repeat(1_000_000)}"]}}`,
    )
    expect(look.observations.map(({ nativeKey }) => nativeKey)).toStrictEqual([
      "__proto__",
      "\uFFFD[31mred",
      "a\uFFFDb",
      "x".repeat(1_024),
    ])
  })
})

describe("a range of names", () => {
  it.each([
    ["web[8:11]", ["web8", "web9", "web10", "web11"]],
    ["web[08:10]", ["web08", "web09", "web10"]],
    ["web[0:30:10]x", ["web0x", "web10x", "web20x", "web30x"]],
    ["[a:b]-[1:2]", ["a-1", "a-2", "b-1", "b-2"]],
    ["plain", ["plain"]],
    ["web[a:C]", undefined],
    ["web[1:2:0]", undefined],
    ["web[:2]", undefined],
    ["web[12]", undefined],
  ])("%s", (pattern, names) => {
    expect(expandRanges(pattern, 100)).toStrictEqual(names)
  })
})
