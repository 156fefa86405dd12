/** Patches carry before and after: history can be applied, read and walked backwards. */
import { canonicalJson } from "#kernel/canonical-json.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import {
  type Patch,
  applyPatch,
  changesOf,
  escapeKey,
  invertPatch,
  patchBetween,
  patchOperation,
  unescapeKey,
} from "#kernel/patch.js"
import { anyText } from "#tests/support/any-json.js"
import * as fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import * as z from "zod"
import { describe, expect, it } from "vitest"

/** A document as ours are: objects all the way, and foreign text only behind a prefix. */
const key = fc.oneof(
  fc.constantFrom("os", "kernel", "name", "lifecycle"),
  fc.constantFrom("a", "b", "/", "~", "~1", "__proto__", "constructor", "", "10").map((text) => `pkg:${text}`),
  anyText.map((text) => `if:${text}`),
)
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Json[]>(null, true, false, 0, 1, "", "x") },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
)
const anyDocument = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: "small" }, scalar, tie("object")),
  object: fc.array(fc.tuple(key, tie("value")), { maxLength: 6 }).map((members) => Object.fromEntries(members)),
})).object

function patched(document: JsonObject, patch: Patch): JsonObject {
  const copy = structuredClone(document)
  applyPatch(copy, patch)
  return copy
}

const valueAt = (document: Json | undefined, path: string): Json | undefined =>
  path
    .split("/")
    .slice(1)
    .map(unescapeKey)
    .reduce<Json | undefined>((at, name) => (isObject(at) ? at[name] : undefined), document)

const twoDocuments = [anyDocument, anyDocument] as const

describe("a patch between two documents", () => {
  it("turns the one into the other", () => {
    fc.assert(
      fc.property(...twoDocuments, (a, b) => {
        expect(patched(a, patchBetween(a, b))).toStrictEqual(b)
      }),
      { numRuns: 1_000 },
    )
  })

  it("is empty between equal documents, in whatever order they are written, and only there", () => {
    fc.assert(
      fc.property(...twoDocuments, (a, b) => {
        expect(patchBetween(a, JSON.parse(canonicalJson(a)))).toStrictEqual([])
        expect(patchBetween(a, b).length === 0).toBe(canonicalJson(a) === canonicalJson(b))
      }),
    )
  })

  it("changes neither of them, and is a patch that an event may carry", () => {
    fc.assert(
      fc.property(...twoDocuments, (a, b) => {
        const before = canonicalJson([a, b])
        const patch = patchBetween(a, b)
        expect(canonicalJson([a, b])).toBe(before)
        expect(z.array(patchOperation).safeParse(patch).success).toBe(true)
      }),
    )
  })

  it("tests the old value of all that it removes or replaces", () => {
    fc.assert(
      fc.property(...twoDocuments, (a, b) => {
        const patch = patchBetween(a, b)
        for (const [index, operation] of patch.entries()) {
          if (operation.op !== "remove" && operation.op !== "replace") continue
          expect(patch[index - 1]).toStrictEqual({
            op: "test",
            path: operation.path,
            value: valueAt(a, operation.path),
          })
        }
      }),
    )
  })

  it("survives being written as canonical JSON and read again", () => {
    fc.assert(
      fc.property(...twoDocuments, (a, b) => {
        const read = JSON.parse(canonicalJson(patchBetween(a, b))) as Patch
        expect(patched(a, read)).toStrictEqual(b)
      }),
    )
  })
})

describe("walking back", () => {
  it("undoes a patch", () => {
    fc.assert(
      fc.property(...twoDocuments, (a, b) => {
        const patch = patchBetween(a, b)
        expect(patched(b, invertPatch(patch))).toStrictEqual(a)
        expect(patched(a, invertPatch(invertPatch(patch)))).toStrictEqual(b)
      }),
      { numRuns: 1_000 },
    )
  })

  it("goes through a whole history and back, on one document", () => {
    fc.assert(
      fc.property(fc.array(anyDocument, { minLength: 2, maxLength: 8 }), (states) => {
        const patches = states.slice(1).map((state, index) => patchBetween(states[index]!, state))
        const document = structuredClone(states[0]!)
        for (const [index, patch] of patches.entries()) {
          applyPatch(document, patch)
          expect(document).toStrictEqual(states[index + 1])
        }
        for (const [index, patch] of [...patches.entries()].reverse()) {
          applyPatch(document, invertPatch(patch))
          expect(document).toStrictEqual(states[index])
        }
      }),
    )
  })

  it("leaves every patch as it was, whatever became of the document afterwards", () => {
    fc.assert(
      fc.property(fc.array(anyDocument, { minLength: 2, maxLength: 8 }), (states) => {
        const patches = states.slice(1).map((state, index) => patchBetween(states[index]!, state))
        const before = canonicalJson(patches)
        const document = structuredClone(states[0]!)
        for (const patch of patches) applyPatch(document, patch)
        expect(canonicalJson(patches)).toBe(before)
      }),
    )
  })
})

describe("the changes of a patch", () => {
  it("are each differing field with what it was before and is after, once", () => {
    fc.assert(
      fc.property(...twoDocuments, (a, b) => {
        const changes = changesOf(patchBetween(a, b))
        expect(new Set(changes.map(({ path }) => path)).size).toBe(changes.length)
        for (const { path, before, after } of changes) {
          expect(before).toStrictEqual(valueAt(a, path) ?? null)
          expect(after).toStrictEqual(valueAt(b, path) ?? null)
        }
        expect(changes.map(({ path }) => path).sort()).toStrictEqual(differing(a, b).sort())
      }),
      { numRuns: 1_000 },
    )
  })

  it("are the same fields with before and after exchanged when it is inverted", () => {
    fc.assert(
      fc.property(...twoDocuments, (a, b) => {
        const patch = patchBetween(a, b)
        const exchanged = changesOf(patch).map(({ path, before, after }) => ({ path, before: after, after: before }))
        expect(changesOf(invertPatch(patch)).reverse()).toStrictEqual(exchanged)
      }),
    )
  })
})

/** The paths of the outermost fields that differ: found without any patch. */
function differing(a: JsonObject, b: JsonObject, path = ""): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name) => {
    const [before, after, at] = [a[name], b[name], `${path}/${escapeKey(name)}`]
    if (isObject(before) && isObject(after)) return differing(before, after, at)
    return before === after ? [] : [at]
  })
}

describe("a patch on another document than it was made for", () => {
  const made = patchBetween({ os: { kernel: "6.1", name: "Debian" } }, { os: { kernel: "6.5" } })

  it.each<[string, JsonObject]>([
    ["whose field has another value", { os: { kernel: "6.2", name: "Debian" } }],
    ["whose field has another type", { os: { kernel: 6.1, name: "Debian" } }],
    ["whose field is null", { os: { kernel: null, name: "Debian" } }],
    ["that lacks the field to be removed", { os: { kernel: "6.1" } }],
    ["that lacks the facet", {}],
    ["whose facet is null", { os: null }],
    ["to which it was applied already", { os: { kernel: "6.5" } }],
  ])("throws on one %s", (_, document) => {
    expect(() => applyPatch(document, made)).toThrow(Error)
  })

  it.each<[string, JsonObject]>([
    ["is missing", {}],
    ["is null", { os: null }],
    ["is a number", { os: 5 }],
    ["is a text", { os: "Debian" }],
  ])("throws where it would add a field to a facet that %s", (_, document) => {
    expect(() => applyPatch(document, patchBetween({ os: {} }, { os: { kernel: "6.1" } }))).toThrow(Error)
  })

  it("throws whenever a value that it replaces or removes is not the one it knows", () => {
    fc.assert(
      fc.property(...twoDocuments, anyDocument, (a, b, other) => {
        const patch = patchBetween(a, b)
        const known = changesOf(patch).filter(
          (_, index) => patch.filter(({ op }) => op !== "test")[index]?.op !== "add",
        )
        fc.pre(known.some(({ path, before }) => !isDeepStrictEqual(valueAt(other, path), before)))
        expect(() => patched(other, patch)).toThrow(Error)
      }),
    )
  })
})

describe("a key in a path", () => {
  it("is escaped and read back, whatever it holds", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit: fc.constantFrom("~", "/", "0", "1") })), (name) => {
        expect(unescapeKey(escapeKey(name))).toBe(name)
        expect(escapeKey(name)).not.toContain("/")
      }),
    )
  })
})
