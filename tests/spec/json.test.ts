/** What is an object and what is text, in the terms of JSON. */
import { isObject, jsonText } from "#kernel/json.js"
import { describe, expect, it } from "vitest"

describe("JSON", () => {
  it("is an object when it has members, and nothing else is", () => {
    expect([{}, { a: 1 }].every(isObject)).toBe(true)
    expect([null, undefined, [], "{}", 0, true].some(isObject)).toBe(false)
  })

  it("is shown as it is when it is text, and as JSON otherwise", () => {
    expect(["a\nb", 1, null, ["a"], { a: "b" }].map(jsonText)).toStrictEqual([
      "a\nb",
      "1",
      "null",
      '["a"]',
      '{"a":"b"}',
    ])
  })
})
