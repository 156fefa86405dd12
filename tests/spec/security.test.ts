/** SECURITY.md says who may ask what as the operations say it, and names tests that there are. FLEET_LEDGER_UPDATE=1 writes the table anew. */
import * as fs from "node:fs"
import { describe, expect, it } from "vitest"
import { operations } from "#operations/registry.js"

const [begin, end] = ["<!-- access -->", "<!-- /access -->"]
const file = "SECURITY.md"

function table(): string {
  const rows = operations
    .toSorted((a, b) => a.route.path.localeCompare(b.route.path) || a.route.method.localeCompare(b.route.method))
    .map(({ name, route, scope }) => [name, `\`${route.method} ${route.path}\``, scope])
  const all = [["operation", "route", "scope"], ...rows]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`
  const [head = [], ...body] = all
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n")
}

describe("SECURITY.md", () => {
  const text = fs.readFileSync(file, "utf8")
  const [before = "", rest = ""] = text.split(begin)
  const [written = "", after = ""] = rest.split(end)

  it("has the scope of every operation", () => {
    if (process.env["FLEET_LEDGER_UPDATE"] === "1")
      fs.writeFileSync(file, `${before}${begin}\n\n${table()}\n\n${end}${after}`)
    else expect(written.trim()).toBe(table())
  })

  it("names tests that there are", () => {
    const named = [...before.matchAll(/`((?:tests\/\w+\/)?[\w-]+\.test\.ts)`/g)].map(([, name]) => name ?? "")
    const folders = ["tests/integration/", "tests/spec/", "tests/property/", "tests/e2e/"]
    const isThere = (name: string) => ["", ...folders].some((folder) => fs.existsSync(`${folder}${name}`))
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !isThere(name))).toEqual([])
  })
})
