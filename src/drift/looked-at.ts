/**
 * A document as an expression sees it: what was looked at and is not there is null, an empty collection where it is one, and what was never looked at cannot be read. It
 * remembers what was read of it.
 */
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { escapeKey } from "#kernel/pointer.js"
import type { Shape } from "./shape.js"

/** Of a field that was read, and nobody has ever looked at. */
export class NeverLookedAt extends Error {
  readonly path: string
  constructor(path: string) {
    super("nobody has looked at it")
    this.path = path
  }
}

export interface Read {
  readonly path: string
  /** Whether it was gone through: what was read beneath it then was not asked for by name. */
  readonly whole: boolean
}

/** The language's own kind of map; it takes none that is called otherwise. */
export class LookedAt extends Map<unknown, unknown> {
  readonly #members: JsonObject
  readonly #shape: Shape
  readonly #path: string
  readonly #reads: Read[]

  constructor(members: JsonObject, shape: Shape, reads: Read[], path = "") {
    super()
    this.#members = members
    this.#shape = shape
    this.#path = path
    this.#reads = reads
  }

  override get(given: unknown): unknown {
    const key = String(given)
    const path = `${this.#path}/${escapeKey(key)}`
    const value = Object.hasOwn(this.#members, key) ? this.#members[key] : undefined
    // Facets are rooms: that one was entered says nothing yet.
    if (this.#path !== "" || !isObject(value)) this.#reads.push({ path, whole: false })
    if (value === undefined && this.#shape.is === "object") throw new NeverLookedAt(path)
    return value === undefined ? undefined : this.#told(value, key, path)
  }

  #told(value: Json, key: string, path: string): unknown {
    const shape = this.#shape.at(key) ?? anyShape
    if (isObject(value)) return new LookedAt(value, shape, this.#reads, path)
    if (value === null && shape.is === "collection") return new LookedAt({}, shape, this.#reads, path)
    return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value
  }

  override has(key: unknown): boolean {
    return this.get(key) !== undefined
  }

  override get size(): number {
    return this.#all().length
  }

  override keys(): MapIterator<string> {
    return this.#all().values()
  }

  override values(): MapIterator<unknown> {
    return this.#all()
      .map((key) => this.get(key))
      .values()
  }

  /** What the language tells the type of a map by; nothing of it is read thereby. */
  override *entries(): MapIterator<[string, unknown]> {
    // Mostly the first one is enough to tell it by.
    for (const key in this.#members)
      yield [key, this.#told(this.#members[key] ?? null, key, `${this.#path}/${escapeKey(key)}`)]
  }

  override *[Symbol.iterator](): MapIterator<[string, unknown]> {
    for (const key of this.#all()) yield [key, this.get(key)]
  }

  #all(): string[] {
    this.#reads.push({ path: this.#path, whole: true })
    return Object.keys(this.#members)
  }
}
Object.defineProperty(LookedAt.prototype, "constructor", { value: Map })

const anyShape: Shape = { is: "value", members: [], at: () => undefined }

/** What an expression was about: what it read first, as deep as it went by name from there. */
export function subjectOf(reads: readonly Read[]): string {
  let subject = reads[0]
  for (const read of reads.slice(1)) {
    if (subject === undefined || subject.whole || !read.path.startsWith(`${subject.path}/`)) continue
    subject = read
  }
  return subject?.path ?? ""
}
