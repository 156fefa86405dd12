/** A text is masked wherever it stands in a payload, as it stands there, and nothing else is touched. */
import { canonicalJson } from "#kernel/canonical-json.js"
import type { JsonObject } from "#kernel/json.js"
import { masked, mentions } from "#ledger/mask.js"
import { expect, it } from "vitest"

it("a text is masked in values, in names, in lists and in the paths of patches", () => {
  const data = {
    value: "a secret, a secret",
    list: ["secret", ["no", { secret: 1 }], 7, true, null],
    "a secret name": { deep: "secret" },
  }
  expect(masked(data, "secret", "[masked]")).toStrictEqual({
    value: "a [masked], a [masked]",
    list: ["[masked]", ["no", { "[masked]": 1 }], 7, true, null],
    "a [masked] name": { deep: "[masked]" },
  })
  const patch = [{ op: "add", path: "/packages/a~1b~0c/version", value: "a/b~c" }]
  expect(masked({ patch }, "a/b~c", "[masked]")).toStrictEqual({
    patch: [{ op: "add", path: "/packages/[masked]/version", value: "[masked]" }],
  })
})

it("a name that is special stays one", () => {
  const data = JSON.parse('{"__proto__":{"constructor":"secret"}}') as JsonObject
  expect(canonicalJson(masked(data, "secret", "x"))).toBe('{"__proto__":{"constructor":"x"}}')
})

it.each([
  ["as it is", "secret", { a: "a secret" }, true],
  ["in a name", "secret", { secret: 1 }, true],
  ["between quotation marks and backslashes", 'se"cr\\et', { a: 'the se"cr\\et' }, true],
  ["in a path", "a/b~c", { path: "/a~1b~0c" }, true],
  ["not at all", "secret", { a: "a secre" }, false],
])("a payload mentions a text that stands there %s", (_, text, data, does) => {
  expect(mentions(canonicalJson(data), text)).toBe(does)
})
