/**
 * Canonical JSON (RFC 8785, "JCS"): one value, one text, so that equal values have equal hashes. Refuses whatever JSON cannot
 * carry faithfully, naming the path, before anything is written.
 */
import { FleetError } from "#kernel/errors.js"

/** Deeper nesting than any event has; a guard against hostile input, not a limit of the format. */
const maxDepth = 100

/** @throws FleetError `SchemaViolation` naming the path of the first value that is not JSON. */
export function canonicalJson(value: unknown): string {
  return write(value, "", 0)
}

function write(value: unknown, path: string, depth: number): string {
  switch (typeof value) {
    case "string":
      return writeString(value, path)
    case "number":
      // ECMAScript's number-to-string is what RFC 8785 §3.2.2.3 prescribes; −0 becomes 0.
      if (!Number.isFinite(value)) throw notJson(path, String(value))
      return JSON.stringify(value)
    case "boolean":
      return value ? "true" : "false"
    case "object":
      if (value === null) return "null"
      if (depth > maxDepth) throw notJson(path, `nesting deeper than ${maxDepth}`)
      return Array.isArray(value) ? writeArray(value, path, depth) : writeObject(value, path, depth)
    default:
      throw notJson(path, `a ${typeof value}`)
  }
}

const unsafe = /[\ud800-\udfff]/

/** ASCII that stands in JSON as it is: most of what there is to write. */
const plain = /^[ !#-[\]-~]*$/

function writeString(text: string, path: string): string {
  if (plain.test(text)) return `"${text}"`
  if (unsafe.test(text) && !text.isWellFormed()) throw notJson(path, "a lone surrogate")
  return JSON.stringify(text)
}

function writeArray(items: readonly unknown[], path: string, depth: number): string {
  let out = "["
  for (let i = 0; i < items.length; i++) {
    if (i > 0) out += ","
    out += write(items[i], `${path}/${i}`, depth + 1)
  }
  return `${out}]`
}

function writeObject(object: object, path: string, depth: number): string {
  const prototype = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null)
    throw notJson(path, `a ${object.constructor?.name ?? "class instance"}`)
  // Default sort is by UTF-16 code units: the order of RFC 8785 §3.2.3.
  const keys = Object.keys(object).sort()
  let out = "{"
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string
    if (i > 0) out += ","
    const at = `${path}/${key}`
    out += `${writeString(key, at)}:${write((object as Record<string, unknown>)[key], at, depth + 1)}`
  }
  return `${out}}`
}

function notJson(path: string, what: string): FleetError {
  return new FleetError("SchemaViolation", `not JSON at ${path === "" ? "the root" : path}: ${what}`, {
    details: { path },
  })
}
