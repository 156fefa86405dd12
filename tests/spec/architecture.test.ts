/** The arrows of ARCHITECTURE.md, read from the code: which room may know which, and no two files each other. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"

/** What each room may import, besides itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  events: ["kernel"],
  sqlite: ["kernel"],
  ledger: ["kernel", "events", "sqlite"],
  subscriptions: ["kernel", "events", "ledger", "ops"],
  projections: ["kernel", "events", "sqlite", "subscriptions"],
  ops: ["kernel", "sqlite"],
  config: ["kernel", "events"],
  timeline: ["kernel", "events", "ledger", "projections"],
  query: ["kernel", "events", "ledger", "projections", "timeline"],
  collecting: ["kernel", "events", "discovery", "ops"],
  snapshots: ["kernel", "events", "ledger", "projections", "timeline"],
  discovery: ["kernel", "events", "ledger", "subscriptions", "projections", "ops"],
  delivery: ["kernel", "events", "ledger", "subscriptions", "ops", "config"],
  checks: ["kernel", "events", "config", "ledger", "projections", "timeline", "query", "ops", "discovery", "version"],
  drift: ["kernel", "events", "ledger", "projections", "timeline", "query"],
  alerts: ["kernel", "events", "config", "ledger", "subscriptions", "projections", "timeline", "drift", "ops"],
  sealing: ["kernel", "events", "ledger", "subscriptions"],
  simulation: ["kernel", "events", "config", "discovery", "folder", "fleet"],
  inventory: ["kernel", "events", "projections", "timeline", "discovery"],
  reports: ["kernel", "events", "ledger", "projections", "timeline", "query", "inventory", "drift"],
  operations: [
    "kernel",
    "events",
    "ledger",
    "projections",
    "timeline",
    "query",
    "snapshots",
    "inventory",
    "reports",
    "alerts",
    "checks",
    "drift",
    "discovery",
    "ops",
    "adopting",
    "fleet",
    "version",
  ],
  api: ["kernel", "events", "timeline", "collecting", "operations", "mcp", "ops", "fleet", "version"],
  mcp: ["kernel", "events", "projections", "query", "timeline", "reports", "operations", "version"],
  web: ["kernel", "operations"],
  cli: [
    "kernel",
    "mcp",
    "config",
    "operations",
    "timeline",
    "api",
    "fleet",
    "server",
    "keeping",
    "collecting",
    "discovery",
    "sources",
    "simulation",
    "drift",
    "folder",
    "version",
  ],
  folder: ["kernel"],
  version: [],
  adopting: ["kernel", "events", "ledger", "subscriptions", "config", "drift"],
  engine: ["kernel", "ledger", "subscriptions", "config", "folder"],
  keeping: ["kernel", "ledger", "sealing", "config", "engine", "folder"],
  fleet: [
    "kernel",
    "events",
    "ledger",
    "adopting",
    "engine",
    "subscriptions",
    "sealing",
    "projections",
    "ops",
    "config",
    "alerts",
    "checks",
    "drift",
    "discovery",
    "delivery",
    "sources",
    "folder",
    "version",
  ],
  sources: ["kernel", "config", "discovery"],
  waiting: ["kernel"],
  reached: ["kernel", "config", "api"],
  server: [
    "kernel",
    "config",
    "alerts",
    "checks",
    "discovery",
    "snapshots",
    "sealing",
    "api",
    "fleet",
    "reached",
    "waiting",
  ],
}

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const root = path.resolve(".")
const files = ["events", "projections", "src"].flatMap((folder) =>
  fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))
    .map((file) => path.join(folder, file)),
)

/** `src/api/app.ts` is in the room `api`; a file right in `src` is a room of its own. */
function roomOf(file: string): string {
  const [top = "", second = ""] = file.split(path.sep)
  return top === "src" ? second.replace(/\.ts$/, "") : top
}

function resolved(from: string, specifier: string): string | undefined {
  const source = specifier.replace(/\.js$/, ".ts")
  if (source.endsWith(".css")) return undefined
  if (source.startsWith(".")) {
    const to = path.join(path.dirname(from), source)
    return fs.existsSync(to) ? to : `${to}x`
  }
  if (!source.startsWith("#")) return undefined
  return /^#(?:events|projections)\//.test(source) ? source.slice(1) : path.join("src", source.slice(1))
}

const statement = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)/g

const imports: readonly Import[] = files.flatMap((from) =>
  [...fs.readFileSync(path.join(root, from), "utf8").matchAll(statement)].flatMap(([, type, fixed, dynamic]) => {
    const to = resolved(from, fixed ?? dynamic ?? "")
    return to === undefined ? [] : [{ from, to, typeOnly: type !== undefined }]
  }),
)

describe("the house", () => {
  it("has its imports where this test can see them", () => {
    expect(imports.length).toBeGreaterThan(300)
    expect(imports.filter(({ to }) => !fs.existsSync(to))).toEqual([])
    expect(new Set(files.map(roomOf))).toEqual(new Set(Object.keys(arrows)))
  })

  it("has arrows only as they are drawn", () => {
    const wrong = imports.filter(
      ({ from, to }) => roomOf(from) !== roomOf(to) && !arrows[roomOf(from)]?.includes(roomOf(to)),
    )
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  it("has no two files that need each other", () => {
    const needs = new Map<string, string[]>()
    for (const { from, to, typeOnly } of imports) if (!typeOnly) needs.set(from, [...(needs.get(from) ?? []), to])
    const done = new Set<string>()
    const visit = (file: string, way: readonly string[]): readonly string[] => {
      if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
      if (done.has(file)) return []
      for (const next of needs.get(file) ?? []) {
        const cycle = visit(next, [...way, file])
        if (cycle.length > 0) return cycle
      }
      done.add(file)
      return []
    }
    expect(files.map((file) => visit(file, [])).filter((cycle) => cycle.length > 0)).toEqual([])
  })

  it.each([
    ["engines", /^src\/ledger\/(?:sqlite|eventstoredb)\//, ["src/engine.ts", "src/keeping.ts"]],
    ["sources", /^src\/discovery\/sources\//, ["src/sources.ts"]],
  ])("names %s in one place, and in what works on their files", (_, parts, places) => {
    const outside = imports.filter(({ from, to }) => parts.test(to) && !parts.test(from))
    expect([...new Set(outside.map(({ from }) => from))]).toEqual(places)
  })

  it("takes nothing of an operation into the page but its types", () => {
    const taken = imports.filter(({ from, to }) => roomOf(from) === "web" && roomOf(to) === "operations")
    expect(taken.length).toBeGreaterThan(10)
    expect(taken.filter(({ typeOnly }) => !typeOnly)).toEqual([])
  })

  it("writes nothing on the page that is not text", () => {
    const written = files.filter(
      (file) =>
        roomOf(file) === "web" &&
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write/i.test(fs.readFileSync(file, "utf8")),
    )
    expect(written).toEqual([])
  })

  it("holds on to every time limit that it joins to another signal, as Node 20 does not", () => {
    const lost = files.filter((file) =>
      /AbortSignal\.any\(\[[^\]]*AbortSignal\.timeout\(/.test(fs.readFileSync(file, "utf8")),
    )
    expect(lost).toEqual([])
  })

  it("keeps what an event means free of how it is stored", () => {
    const pure = new Set([
      "projections/inventory/evolve.ts",
      "projections/inventory/patch-of.ts",
      "projections/inventory/units.ts",
    ])
    const known = imports.filter(({ from }) => pure.has(from)).map(({ to }) => to)
    expect(known.filter((to) => !/^(?:src\/kernel|events)\//.test(to) && !pure.has(to))).toEqual([])
  })

  it("has relative imports only within a room, or from the root's files", () => {
    const far = files.flatMap((from) =>
      [...fs.readFileSync(from, "utf8").matchAll(/from "(\.[^"]+)"/g)]
        .map(([, specifier]) => resolved(from, specifier ?? "") ?? "")
        .filter((to) => roomOf(to) !== roomOf(from) && path.dirname(to) !== "src" && path.dirname(from) !== "src")
        .map((to) => `${from} → ${to}`),
    )
    expect(far).toEqual([])
  })

  it("has the top-level folders that it is meant to have", () => {
    const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n")
    const folders = new Set(tracked.filter((file) => file.includes("/")).map((file) => file.split("/")[0]))
    expect(folders).toEqual(new Set([".ci", "docker", "events", "projections", "src", "tests"]))
  })
})
