/** Queries that somebody saved under a name, in the place where others name them: `saved:web-production -status:running`. */
import { messageOf } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import { parseQuery, wrongAt } from "./parse.js"
import type { FieldIs, Place, Query } from "./tree.js"

/** By name. */
export type Saved = ReadonlyMap<string, string>

/** Of queries that name others. */
const deepest = 5

/** @throws FleetError `InvalidQuery` for a name that there is not, and for queries that lead back to themselves */
export function withSaved(query: Query, saved: Saved, depth = 0): Query {
  switch (query.is) {
    case "all":
    case "any":
      return { is: query.is, of: query.of.map((part) => withSaved(part, saved, depth)) }
    case "not":
      return { is: "not", of: withSaved(query.of, saved, depth) }
    case "words":
      return query
    case "field":
      return query.name === "saved" ? named(query, saved, depth) : query
  }
}

function named({ operator, values, place }: FieldIs, saved: Saved, depth: number): Query {
  if (operator !== ":" && operator !== "=") throw wrongAt(place, `"saved" takes the name of a query, like saved:web`)
  if (depth >= deepest) throw wrongAt(place, `saved queries name each other more than ${deepest} times over`)
  const of = values.map(({ text, place: where }) => {
    const found = saved.get(text)
    if (found === undefined) {
      const near = nearest(text, [...saved.keys()])
      const hint =
        near === undefined ? '"fleet-ledger query list" lists those that there are' : `did you mean "${near}"?`
      throw wrongAt(where, `no query is saved as "${text.slice(0, 80)}"; ${hint}`)
    }
    try {
      return placedAt(withSaved(parseQuery(found), saved, depth + 1), where)
    } catch (error) {
      throw wrongAt(where, `the query saved as "${text}" cannot be understood: ${messageOf(error)}`)
    }
  })
  const [first] = of
  return of.length === 1 && first !== undefined ? first : { is: "any", of }
}

/** What is wrong in it is wrong where it is named. */
function placedAt(query: Query, place: Place): Query {
  switch (query.is) {
    case "all":
    case "any":
      return { is: query.is, of: query.of.map((part) => placedAt(part, place)) }
    case "not":
      return { is: "not", of: placedAt(query.of, place) }
    case "words":
      return query
    case "field":
      return { ...query, place, values: query.values.map((value) => ({ ...value, place })) }
  }
}
