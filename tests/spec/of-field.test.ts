/** What of some changes is one field's: its own, what is in it, and what it is in where that came or went with it. */
import type { FieldChange } from "#kernel/patch.js"
import { changesOfField } from "#timeline/diff/of-field.js"
import { expect, it } from "vitest"

const changed = (path: string, before: FieldChange["before"], after: FieldChange["after"]): FieldChange => ({
  path,
  before,
  after,
})
const pathsOf = (changes: readonly FieldChange[], field: string) =>
  changesOfField(changes, field).map(({ path }) => path)

it("is its own and what is in it, and not what is merely called alike", () => {
  const changes = ["/os", "/os/kernel", "/os/kernel/release", "/osquery", "/os/kernels"].map((path) =>
    changed(path, 1, 2),
  )
  expect(pathsOf(changes, "/os/kernel")).toStrictEqual(["/os/kernel", "/os/kernel/release"])
})

it("is what it came or went with, and not what never had it", () => {
  const within = { kernel: { "a/b": 1 } }
  for (const [before, after] of [
    [null, within],
    [within, null],
    [{ kernel: {} }, within],
  ] as const)
    expect(pathsOf([changed("/os", before, after)], "/os/kernel/a~1b")).toStrictEqual(["/os"])
  for (const value of [null, 7, ["kernel"], { kernel: 7 }, { kernel: { a: { b: 1 } } }, { other: within }])
    expect(pathsOf([changed("/os", null, value)], "/os/kernel/a~1b")).toStrictEqual([])
  expect(pathsOf([changed("/hardware", null, within)], "/os/kernel")).toStrictEqual([])
})
