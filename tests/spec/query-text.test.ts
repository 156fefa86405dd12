/** Queries that the page writes by clicks: what is clicked is added to what somebody wrote, and taken out of it again, and the rest stays as it was. */
import { expect, it } from "vitest"
import { parseQuery } from "#query/parse.js"

/** It is of the page, whose types are not those of Node. */
const page: string = "../../src/web/query-text.js"
const { fieldIs, isAskedIn, narrowed, partsOf, widened } = (await import(page)) as {
  readonly fieldIs: (field: string, value: string) => string
  readonly isAskedIn: (q: string, wanted: string) => boolean
  readonly narrowed: (q: string, more: string) => string
  readonly partsOf: (q: string) => readonly string[] | undefined
  readonly widened: (q: string, without: string) => string
}

it.each([
  ["", []],
  [" role:web  nginx ", ["role:web", "nginx"]],
  ['os:"Debian 12" -tag:"a \\" b"', ['os:"Debian 12"', '-tag:"a \\" b"']],
  ["(a OR b c) d", ["(a OR b c)", "d"]],
  ["a OR b", undefined],
  ["NOT a", undefined],
])("takes %j apart where it can be", (q, parts) => {
  expect(partsOf(q)).toEqual(parts)
})

it.each([
  ["", ""],
  ["nginx", "nginx"],
  ["os:x role:web", "os:x role:web"],
  ["tag:a OR tag:b", "(tag:a OR tag:b)"],
  ["(tag:a OR tag:b) -role:web", "(tag:a OR tag:b) -role:web"],
])("adds to %j by a click, and takes out again by another", (q, after) => {
  const part = fieldIs("os", "Debian GNU/Linux 12 (bookworm)")
  const more = narrowed(q, part)
  expect([isAskedIn(q, part), isAskedIn(more, part), widened(more, part)]).toEqual([false, true, after])
  expect(() => parseQuery(more)).not.toThrow()
})

it("takes a part for asked only where all of it is", () => {
  expect(isAskedIn("health<0.7 health>=0.3", "health<0.7")).toBe(true)
  expect(isAskedIn("health<0.7", "health<0.7 health>=0.3")).toBe(false)
  expect(isAskedIn("role:webserver", "role:web")).toBe(false)
})
