/** The page asks by names and addresses that it writes down itself, as it takes nothing of operations but their types: they are those of the registry. */
import * as fs from "node:fs"
import { expect, it } from "vitest"
import { rulesOf } from "#alerts/rules/rules.js"
import { loadConfig } from "#config/load.js"
import { operations } from "#operations/registry.js"
import { ruleNames } from "../../src/web/pages/alerts/rule-names.js"

const asked = /asks<typeof \w+\.(\w+)>\(\s*"([^"]+)",\s*"([^"]+)",?\s*(?:"(\w+)",?\s*)?\)/g

it("asks what there is", () => {
  const text = fs.readFileSync("src/web/operations.ts", "utf8")
  const written = [...text.matchAll(asked)].map(([, , name, path, method = "GET"]) => ({ name, path, method }))
  expect(written).toHaveLength([...text.matchAll(/asks</g)].length)
  const known = new Map(operations.map(({ name, route }) => [name, { name, ...route }]))
  expect(written).toEqual(written.map(({ name }) => known.get(name ?? "")))
})

it("offers the rules that are built in", () => {
  const { alerts } = loadConfig({ data: "data" }, {})
  expect(ruleNames).toEqual(rulesOf(alerts, () => undefined).map(({ name }) => name))
})
