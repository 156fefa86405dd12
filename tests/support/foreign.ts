/** What comes from elsewhere and is nearly what it should be: good samples that somebody damaged, or changed on purpose. And what may become of it here. */
import type { Json } from "#kernel/json.js"
import { FleetError } from "#kernel/errors.js"
import * as fc from "fast-check"
import { often } from "./often.js"

/** Quick everywhere, and for as long as it takes in `npm run torture`. */
export const foreignRuns = often(100, 20_000)

const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}${close.repeat(depth)}`
const fragments = [
  "",
  "\0",
  "\n",
  "\n\n",
  "\r",
  "\u2028",
  "\uFEFF",
  "\u001b[2J",
  "\ud800",
  "__proto__",
  "constructor",
  "toString",
  '"',
  "'",
  "\\",
  "{",
  "]",
  ",",
  ":",
  "=",
  "-",
  "1e999",
  "-0",
  "99999999999999999999",
  "NaN",
  "null",
  "é",
  "x".repeat(5_000),
  " ".repeat(5_000),
  nested(5_000, "[", "]"),
  nested(5_000, "(", ")"),
]

type Damage = (text: string, others: readonly string[]) => string

const place = fc.nat({ max: 2 ** 31 - 1 })
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ at: place, to: fc.nat(255) }).map(({ at, to }): Damage => (text) => {
    const bytes = Buffer.from(text)
    if (bytes.length > 0) bytes.writeUInt8(to, at % bytes.length)
    return bytes.toString()
  }),
  place.map(
    (at): Damage =>
      (text) =>
        text.slice(0, at % (text.length + 1)),
  ),
  fc.record({ at: place, length: fc.nat(40) }).map(
    ({ at, length }): Damage =>
      (text) =>
        text.slice(0, at % (text.length + 1)) + text.slice((at % (text.length + 1)) + length),
  ),
  fc.record({ at: place, fragment: fc.constantFrom(...fragments) }).map(
    ({ at, fragment }): Damage =>
      (text) =>
        text.slice(0, at % (text.length + 1)) + fragment + text.slice(at % (text.length + 1)),
  ),
  fc
    .record({ at: place, length: fc.nat(60), times: fc.integer({ min: 1, max: 50 }) })
    .map(({ at, length, times }): Damage => (text) => {
      const from = at % (text.length + 1)
      return text.slice(0, from) + text.slice(from, from + length).repeat(times) + text.slice(from)
    }),
  fc.record({ at: place, other: place, from: place }).map(({ at, other, from }): Damage => (text, others) => {
    const tail = others[other % others.length] ?? ""
    return text.slice(0, at % (text.length + 1)) + tail.slice(from % (tail.length + 1))
  }),
)

/** One of the samples, damaged once or a few times. */
export function damaged(samples: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(damage, { minLength: 1, maxLength: 3 }))
    .map(([sample, damages]) => damages.reduce((text, one) => one(text, samples), sample))
}

/** Values that a place in JSON was not made for. */
const wrongValues: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  "",
  "x".repeat(5_000),
  "\u0000\u202E\n",
  "9".repeat(30),
  [],
  [null],
  {},
  { toString: 1, valueOf: 1 },
  { length: 1e9 },
  JSON.parse('{"__proto__":{"polluted":true}}') as Json,
  { constructor: { prototype: { polluted: true } } },
  JSON.parse(nested(400, "[", "]")) as Json,
]

interface Change {
  readonly is: "value" | "gone" | "renamed" | "twice" | "within"
  readonly at: number
  readonly value: Json
  readonly name: string
}

const change: fc.Arbitrary<Change> = fc.record({
  is: fc.constantFrom("value", "value", "value", "gone", "renamed", "twice", "within"),
  at: place,
  value: fc.constantFrom(...wrongValues),
  name: fc.constantFrom("__proto__", "constructor", "toString", "length", "", "0", "a/b~c", "x".repeat(3_000)),
})

type Mutable = Record<string, Json> | Json[]

/** Every place in the value at which something stands, as its holder and name. */
function placesIn(value: Json): { holder: Mutable; name: string }[] {
  const places: { holder: Mutable; name: string }[] = []
  const left = [value]
  for (let holder = left.pop(); holder !== undefined; holder = left.pop()) {
    if (typeof holder !== "object" || holder === null) continue
    for (const [name, member] of Object.entries(holder)) {
      places.push({ holder: holder as Mutable, name })
      left.push(member)
    }
  }
  return places
}

function changed(sample: Json, { is, at, value, name: other }: Change): Json {
  const whole: { all: Json } = { all: structuredClone(sample) }
  const places = placesIn(whole)
  const { holder, name } = places[at % places.length] as { holder: Record<string, Json>; name: string }
  const old = holder[name] as Json
  const put = (key: string, to: Json) =>
    Object.defineProperty(holder, key, { value: to, enumerable: true, configurable: true, writable: true })
  if (is === "value") put(name, value)
  else if (is === "within") put(name, [old])
  else if (is === "twice") put(name, Array.isArray(old) ? [...(old as Json[]), ...(old as Json[])] : [old, old])
  else {
    if (Array.isArray(holder)) holder.splice(Number(name), 1)
    else delete holder[name]
    if (is === "renamed" && !Array.isArray(holder)) put(other, old)
  }
  return whole.all ?? null
}

/** One of the samples with values of other types, members that are gone or called otherwise, and hostile names. */
export function changedJson(samples: readonly Json[]): fc.Arbitrary<Json> {
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([sample, changes]) => changes.reduce<Json>(changed, sample))
}

const longestMs = 2_000
const builtIn = () =>
  [Object.prototype, Array.prototype, Function.prototype].map((each) => Reflect.ownKeys(each).length)

/**
 * What becomes of it: an answer, or an error of ours. Anything else fails: a crash, a long time, a change of what all objects are made of.
 * @returns undefined where it was refused
 */
export async function orRefused<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  const [before, began] = [builtIn().join(), process.cpuUsage()]
  const answer = await Promise.resolve()
    .then(work)
    .catch((error: unknown) => {
      if (error instanceof FleetError) return undefined
      throw error
    })
  const { user, system } = process.cpuUsage(began)
  if (builtIn().join() !== before || "polluted" in {}) throw new Error("it changed what all objects are made of")
  if (user + system > longestMs * 1_000) throw new Error(`it took ${(user + system) / 1_000} ms`)
  return answer
}
