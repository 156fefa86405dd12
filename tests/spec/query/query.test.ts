/** The query language: what is written, what it means, and where it is wrong. */
import { FleetError } from "#kernel/errors.js"
import type { Instant } from "#kernel/clock.js"
import type { Point, Position } from "#kernel/point.js"
import type { Condition } from "#projections/entities/condition.js"
import type { Kind } from "#projections/inventory/read.js"
import { complete } from "#query/complete.js"
import { fieldsOf } from "#query/fields.js"
import { parseQuery } from "#query/parse.js"
import { understand } from "#query/understand.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const point: Point = { position: 100 as Position, time: "2026-11-25T12:00:00.000Z" as Instant }
const moments: Readonly<Record<string, Point>> = {
  "-7d": { position: 40 as Position, time: "2026-11-18T12:00:00.000Z" as Instant },
  "+30d": { position: 100 as Position, time: "2026-12-25T12:00:00.000Z" as Instant },
}

async function resolve(moment: string): Promise<Point> {
  const found = moments[moment]
  if (found === undefined) throw new FleetError("InvalidPoint", `"${moment}" is not a point in time`)
  return found
}

async function meaning(text: string, kind: Kind = "target"): Promise<Condition | undefined> {
  return (await understand(parseQuery(text), { kinds: [kind], point, resolve })).get(kind)
}

it("takes what one kind never is for what another may be", async () => {
  const asked = { kinds: ["target", "service"], point, resolve } as const
  const meant = await understand(parseQuery("status:healthy"), asked)
  expect([meant.get("target"), meant.get("service")]).toEqual([await meaning("status:healthy"), { is: "any", of: [] }])
  await expect(understand(parseQuery("status:purple"), asked)).rejects.toThrow("running")
})

/** Where a query is wrong, marked, and why. */
async function wrong(text: string, kind: Kind = "target"): Promise<string> {
  try {
    await meaning(text, kind)
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== "InvalidQuery") throw error
    const { from, to } = error.details as { from: number; to: number }
    expect(error.message).toContain(`character ${from + 1} of the query`)
    return `${text.slice(0, from)}»${text.slice(from, to)}«${text.slice(to)}: ${error.message.replace(/^.*?: /, "")}`
  }
  return "nothing is wrong"
}

const text = (...anyOf: string[]) => ({ has: "text", anyOf: anyOf.map((one) => ({ text: one, pattern: false })) })
const column = (name: string, test: unknown) => ({ is: "column", column: name, test })

describe("a query", () => {
  it("asks for everything that stands side by side", async () => {
    expect(await meaning('role:production health<0.7 -status:critical os:"Debian 12" nginx')).toEqual({
      is: "all",
      of: [
        column("role", text("production")),
        column("health", { has: "number", compare: "<", value: 0.7 }),
        { is: "not", of: column("status", text("critical")) },
        column("os", { has: "words", words: ["Debian", "12"] }),
        { is: "words", text: "nginx" },
      ],
    })
  })

  it("gives choices, turns them round and holds them together", async () => {
    const [a, b, c] = ["a", "b", "c"].map((word) => ({ is: "words", text: word }))
    expect(await meaning("a b OR c")).toEqual({ is: "any", of: [{ is: "all", of: [a, b] }, c] })
    expect(await meaning("a AND (b OR c)")).toEqual({ is: "all", of: [a, { is: "any", of: [b, c] }] })
    expect(await meaning("NOT (a b) -c")).toEqual({
      is: "all",
      of: [
        { is: "not", of: { is: "all", of: [a, b] } },
        { is: "not", of: c },
      ],
    })
    expect(await meaning("status:critical,warning")).toEqual({
      is: "any",
      of: [column("status", text("critical")), column("status", text("warning"))],
    })
  })

  it.each<[string, Kind, unknown]>([
    ["name:web-*", "target", column("name", { has: "text", anyOf: [{ text: "web-*", pattern: true }] })],
    ['name:"web-*"', "target", column("name", text("web-*"))],
    ["role:*", "target", column("role", { has: "value" })],
    ["role!=lab", "target", { is: "not", of: column("role", text("lab")) }],
    ["tag:web", "target", { is: "member", list: "tags", test: text("web") }],
    [
      "memory>=16G",
      "target",
      { is: "field", path: "/hardware/memoryMiB", test: { has: "number", compare: ">=", value: 16_384 } },
    ],
    ["cpu:>8", "target", { is: "field", path: "/hardware/cpuCores", test: { has: "number", compare: ">", value: 8 } }],
    ["package:openssl", "target", { is: "item", collection: "/packages", test: text("openssl") }],
    ["os.kernel:6.1.0", "target", { is: "field", path: "/os/kernel", test: text("6.1.0") }],
    ["packages:vim", "target", { is: "item", collection: "/packages", test: text("vim") }],
    [
      "sockets.process:sshd",
      "target",
      { is: "itemField", collection: "/sockets", field: "process", keys: false, test: text("sshd") },
    ],
    ["privileged:true", "service", { is: "field", path: "/container/privileged", test: { has: "truth", value: true } }],
    ["service.runtime:docker", "target", { is: "related", kind: "service", of: column("runtime", text("docker")) }],
    ["changed:>-7d", "target", { is: "changed", after: 40, upTo: 100 }],
    ["changed:<-7d", "target", { is: "not", of: { is: "changed", after: 40, upTo: 100 } }],
    [
      "certificates.notAfter<+30d",
      "target",
      {
        is: "itemField",
        collection: "/certificates",
        field: "notAfter",
        keys: false,
        test: { has: "order", compare: "<", value: "2026-12-25T12:00:00.000Z" },
      },
    ],
  ])("%s, of a %s", async (written, kind, meant) => {
    expect(await meaning(written, kind)).toEqual(meant)
  })

  it("takes a port on any address, and an address with or without its network", async () => {
    expect(await meaning("port:22")).toEqual({
      is: "item",
      collection: "/sockets",
      test: {
        has: "text",
        anyOf: [
          { text: "22", pattern: false },
          { text: "*:22", pattern: true },
        ],
      },
    })
    expect(await meaning("address:10.0.0.5")).toMatchObject({
      list: "addresses",
      test: { anyOf: [{}, { text: "10.0.0.5/*" }] },
    })
  })

  it.each([
    ["rol:lab", '»rol«:lab: a target has no field "rol"; did you mean "role"?'],
    ["a runtime:docker", 'a »runtime«:docker: a target has no field "runtime"; a service has one: service.runtime'],
    [
      "service.runtme:docker",
      '»service.runtme«:docker: a service has no field "runtme"; did you mean "service.runtime"?',
    ],
    ["role:produktion", 'role:»produktion«: "role" is never "produktion"; did you mean "production"?'],
    ["health<good", 'health<»good«: "health" is a number, which "good" is not'],
    ["memory>16X", 'memory>»16X«: "memory" is a size like 512M or 16G, which "16X" is not'],
    ["name<web", 'name<»web«: "name" has no order, so nothing is "<" of it; write name:VALUE'],
    ["tag:", 'tag:»«: there is no value after ":"; write tag:* for any'],
    ["(a OR b", '»(«a OR b: this "(" is never closed'],
    ["a) b", 'a»)« b: there is a ")" too many'],
    ['a "b c', 'a »"«b c: this quotation mark is never closed'],
    ["a - b", 'a -» «b: "-" stands before nothing'],
    ["changed:>soon", 'changed:>»soon«: "soon" is not a point in time'],
    [
      "http://x",
      '»http«://x: a target has no field "http"; write "quotation marks" around text that has a colon in it',
    ],
  ])("says where %s is wrong", async (written, where) => {
    expect(await wrong(written)).toBe(where)
  })

  it("is refused when it is longer, deeper or has more parts than anybody writes", async () => {
    expect(await wrong("a ".repeat(101))).toContain("up to 100 parts")
    expect(await wrong("(".repeat(11))).toContain("10 deep")
    expect(await wrong("a".repeat(2_001))).toContain("up to 2000 characters")
  })

  it("is understood or refused with a place, whatever is written", async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "role",
        ":",
        "<",
        ">=",
        "!=",
        "-",
        "(",
        ")",
        '"',
        "\\",
        ",",
        "*",
        " ",
        "OR",
        "NOT",
        "name",
        "service.",
        "cpu",
        "8",
        "16G",
        "true",
      ),
      fc.string({ maxLength: 4, unit: "binary" }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 14 }), async (pieces) => {
        expect(await wrong(pieces.join(""))).toBeTypeOf("string")
      }),
      { numRuns: 100 },
    )
  })

  it("can ask for every field that the ledger keeps, and for none that it does not", () => {
    expect(fieldsOf.target.has("network.interfaces.addresses")).toBe(true)
    expect(fieldsOf.service.has("container.networks.address")).toBe(true)
    expect(fieldsOf.target.has("usage.cpuPercent")).toBe(false)
    expect(fieldsOf.target.has("storage.filesystems.usedPercent")).toBe(false)
  })
})

describe("completion", () => {
  const none = async () => []
  it("offers names, short ones first", async () => {
    const { place, texts } = await complete("nginx -ro", 9, ["target"], none)
    expect(place).toEqual({ from: 7, to: 9 })
    expect(texts).toEqual(["role:"])
    expect((await complete("", 0, ["target"], none)).texts.slice(0, 2)).toEqual(["address:", "arch:"])
    expect((await complete("service.st", 10, ["target"], none)).texts).toContain("service.status:")
  })

  it("offers the values of a field, those that the fleet has where there is no list of them", async () => {
    expect(await complete("role:p", 6, ["target"], none)).toEqual({ place: { from: 5, to: 6 }, texts: ["production"] })
    const known = async () => ["web", "web server"]
    expect((await complete("tag:db,w", 8, ["target"], known)).texts).toEqual(["web", '"web server"'])
  })
})
