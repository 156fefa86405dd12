/** Whatever an alert is about, its page leads to where that can be seen, and to no page that is of something else. */
import { expect, it } from "vitest"

/** It is of the page, whose types are not those of Node. */
const page: string = "../../src/web/parts/leads-to.js"
const { leadsTo } = (await import(page)) as {
  readonly leadsTo: (about: { readonly kind: string; readonly id: string | null }) => string | undefined
}

const id = "42c0683d-826d-5642-8578-60cf757ecf28"

it.each([
  ["target", id, `/entities/${id}`],
  ["service", id, `/entities/${id}`],
  ["stack", id, `/entities/${id}`],
  // That could not be reached before anything was known of it.
  ["target", null, undefined],
  // It has an id, and is no entity.
  ["check", id, "/security"],
  ["source", null, "/discovery"],
  ["ledger", null, undefined],
])("leads from a %s with the id %s to %s", (kind, its, path) => {
  expect(leadsTo({ kind, id: its })).toBe(path)
})
