/** Whatever JSON can say comes back as it was said. */
import type { Json } from "#kernel/json.js"
import { noStream } from "#ledger/port.js"
import { anyJson } from "#tests/support/any-json.js"
import { often } from "#tests/support/often.js"
import { carried, changed, payloads, sample, stream } from "#tests/support/sample-events.js"
import canonicalize from "canonicalize"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { type OpenEngine, everything, fresh } from "./fresh.js"

const one = stream("target-1")

const awkward: Readonly<Record<string, Json>> = {
  "empty strings": ["", { "": "" }],
  "empty containers": [{}, [], [[]], { a: {} }],
  "scripts of the world": "Grüße, Ελλάδα, 日本語, עברית, 🛰️👩‍🚀, e\u0301 is not \u00e9",
  "control characters": "\u0000\u0001\b\t\n\v\f\r\u001b\u007f\u0085\u2028\u2029\ufeff\ufffe\uffff",
  "quotes and backslashes": `"\\/'\`\\u0041 \${x} %s ?; DROP TABLE events; --`,
  "the names of JavaScript's own": JSON.parse(
    '{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":2,"toJSON":3,"hasOwnProperty":null,"length":4}',
  ) as Json,
  "names that look like indices": { "10": "ten", "9": "nine", "-1": "minus one", a: "a" },
  "names in every order": { z: 1, a: 2, "\u20ac": 3, "\r": 4, "\ufb33": 5, "1": 6, "\ud83d\ude00": 7, "\u0080": 8 },
  "the ends of the numbers": [
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Number.MIN_VALUE,
    Number.EPSILON,
    1e21,
    1e-7,
    0.1 + 0.2,
  ],
  "2^53 and its neighbours": [2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 63, 1e300],
  "texts that look like something else": ["null", "true", "NaN", "1e3", "2026-11-23T14:00:00.000Z", "{}", "0x10"],
  "nothing and falsehood": [null, false, 0, { nothing: null }],
}

export function awkwardValues(open: OpenEngine): void {
  it.each(Object.entries(awkward))("keeps %s", async (_, value) => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, [changed(value)], "run")
    const [stored] = await everything(ledger)
    expect(canonicalize(carried(stored))).toBe(canonicalize(value))
  })

  it("keeps −0 as the 0 that it is in canonical JSON", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, [changed([-0, { zero: -0 }])], "run")
    expect(carried((await everything(ledger))[0])).toStrictEqual([0, { zero: 0 }])
  })

  it("keeps any name as the key of a record, and pollutes nothing", async () => {
    const { ledger } = await fresh(open)
    const notLooked = JSON.parse('{"__proto__":"denied","constructor":"denied","":"denied","ü/~":"denied"}')
    const coverage = { ...payloads.DiscoveryCompleted.coverage, notLooked }
    const event = { ...sample("DiscoveryCompleted"), data: { ...payloads.DiscoveryCompleted, coverage } }
    await ledger.append(
      stream("source-here"),
      noStream,
      [event as typeof event & { type: "DiscoveryCompleted" }],
      "run",
    )
    const [stored] = await everything(ledger)
    expect(canonicalize(stored?.data)).toBe(canonicalize(event.data))
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined()
  })

  it("keeps any text in metadata and in a command", async () => {
    const { ledger } = await fresh(open)
    const reason = `"quoted" \\ 日本語 \u0000 \u2028 🛰️`
    const event = changed(1, { metadata: { actor: "", reason, ticket: "" } })
    const first = await ledger.append(one, noStream, [event], reason)
    expect(await ledger.append(one, noStream, [event], reason)).toStrictEqual(first)
    expect((await everything(ledger)).map(({ metadata }) => metadata)).toStrictEqual([
      { actor: "", reason, ticket: "" },
    ])
  })

  it("keeps any JSON", async () => {
    const { ledger } = await fresh(open)
    let revision = noStream
    await fc.assert(
      fc.asyncProperty(fc.array(anyJson, { minLength: 1, maxLength: 20 }), async (values) => {
        const from = revision + 1
        ;({ revision } = await ledger.append(
          one,
          revision,
          values.map((value) => changed(value)),
          "run",
        ))
        const stored = await ledger.readStream(one, { from, limit: 20 })
        expect(canonicalize(stored.map(carried))).toBe(canonicalize(values))
      }),
      { numRuns: often(25) },
    )
  })
}
