/**
 * The query language: `role:production health<0.7 -status:running os:"Debian 12" (tag:web OR port:443) nginx`. What stands side by side has to be so together, OR
 * gives a choice, `-` or NOT turns it round, parentheses hold together; `a,b` is any of both, and `*` and `?` stand for characters.
 */
import { FleetError } from "#kernel/errors.js"
import type { FieldIs, Operator, Place, Query, Value } from "./tree.js"

/** Longest text of a query, and most of its parts and of parentheses within one another. */
export const longest = 2_000
const mostParts = 100
const deepest = 10

/** @throws FleetError `InvalidQuery` that names the character */
export function parseQuery(text: string): Query {
  if (text.length > longest) {
    throw wrongAt({ from: longest, to: longest + 1 }, `a query has up to ${longest} characters`)
  }
  return new Parser(text).whole()
}

export function wrongAt(place: Place, message: string): FleetError {
  return new FleetError("InvalidQuery", `character ${place.from + 1} of the query: ${message}`, {
    details: { from: place.from, to: place.to },
  })
}

const fieldName = /[A-Za-z][\w.-]*?(?=:|!=|<|>|=)/y
const operator = /:?(?:<=|>=|!=|<|>|=)|:/y
const space = /\s*/y
const bareValue = /[^\s(),"]+/y
const bareWord = /[^\s()"]+/y

class Parser {
  readonly #text: string
  #at = 0
  #parts = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): Query {
    const query = this.#any()
    if (this.#at < this.#text.length) throw wrongAt(this.#here(), 'there is a ")" too many')
    return query
  }

  #any(): Query {
    const choices = [this.#all()]
    while (this.#keyword("OR")) choices.push(this.#all())
    return choices.length === 1 ? (choices[0] as Query) : { is: "any", of: choices }
  }

  #all(): Query {
    const parts: Query[] = []
    for (;;) {
      this.#match(space)
      const next = this.#text[this.#at]
      if (next === undefined || next === ")" || this.#isKeyword("OR")) break
      if (this.#keyword("AND")) continue
      parts.push(this.#one())
    }
    const [first] = parts
    return parts.length === 1 && first !== undefined ? first : { is: "all", of: parts }
  }

  #one(): Query {
    this.#parts += 1
    if (this.#parts > mostParts) throw wrongAt(this.#here(), `a query has up to ${mostParts} parts`)
    if (this.#keyword("NOT")) {
      this.#match(space)
      return this.#negated("NOT")
    }
    if (this.#text[this.#at] === "-") {
      this.#at += 1
      return this.#negated("-")
    }
    if (this.#text[this.#at] === "(") return this.#group()
    return this.#field() ?? this.#words()
  }

  #negated(sign: string): Query {
    const next = this.#text[this.#at]
    if (next === undefined || /[\s)]/.test(next)) throw wrongAt(this.#here(), `"${sign}" stands before nothing`)
    return { is: "not", of: this.#one() }
  }

  #group(): Query {
    const opened = this.#here()
    this.#at += 1
    this.#depth += 1
    if (this.#depth > deepest) throw wrongAt(opened, `parentheses go ${deepest} deep at most`)
    const inside = this.#any()
    if (this.#text[this.#at] !== ")") throw wrongAt(opened, 'this "(" is never closed')
    this.#at += 1
    this.#depth -= 1
    return inside
  }

  #field(): FieldIs | undefined {
    const from = this.#at
    const name = this.#match(fieldName)
    if (name === undefined) return undefined
    const sign = this.#match(operator) as string
    const values = [this.#value(name, sign)]
    while (this.#text[this.#at] === ",") {
      this.#at += 1
      values.push(this.#value(name, ","))
    }
    const wanted = (sign.length > 1 && sign.startsWith(":") ? sign.slice(1) : sign) as Operator
    return { is: "field", name, operator: wanted, values, place: { from, to: from + name.length } }
  }

  #value(name: string, sign: string): Value {
    const from = this.#at
    const quoted = this.#text[from] === '"' ? this.#quoted() : undefined
    const text = quoted ?? this.#match(bareValue)
    if (text === undefined) throw wrongAt(this.#here(), `there is no value after "${sign}"; write ${name}:* for any`)
    return { text, quoted: quoted !== undefined, place: { from, to: this.#at } }
  }

  #words(): Query {
    const text = this.#text[this.#at] === '"' ? this.#quoted() : this.#match(bareWord)
    return { is: "words", text: text ?? "" }
  }

  /** `\"` and `\\` stand for the characters themselves. */
  #quoted(): string {
    const opened = this.#here()
    const closed = /"((?:[^"\\]|\\.)*)"/sy
    closed.lastIndex = this.#at
    const found = closed.exec(this.#text)
    if (found === null) throw wrongAt(opened, "this quotation mark is never closed")
    this.#at = closed.lastIndex
    return (found[1] as string).replaceAll(/\\(.)/gs, "$1")
  }

  #isKeyword(word: string): boolean {
    const rest = this.#text.slice(this.#at, this.#at + word.length + 1)
    return rest.startsWith(word) && !/[^\s("]/.test(rest.slice(word.length))
  }

  #keyword(word: string): boolean {
    this.#match(space)
    if (!this.#isKeyword(word)) return false
    this.#at += word.length
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found === null) return undefined
    this.#at = pattern.lastIndex
    return found[0]
  }

  #here(): Place {
    return { from: this.#at, to: this.#at + 1 }
  }
}
