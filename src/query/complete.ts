/** What may come next in a query that somebody is writing. */
import { type Kind, kinds } from "#projections/inventory/read.js"
import { type Field, fieldsOf } from "./fields.js"
import type { Place } from "./tree.js"

export interface Completion {
  /** What is to be completed in the text. */
  readonly place: Place
  /** What may stand there, the likeliest first. */
  readonly texts: readonly string[]
}

/** What the views know of the values of a field. */
export type ValuesOf = (kind: Kind, field: Field, prefix: string) => Promise<readonly string[]>

const mostTexts = 50

/**
 * @param cursor the place in `text` where the writer is
 * @param saved names of queries
 */
export async function complete(
  text: string,
  cursor: number,
  asked: readonly Kind[],
  valuesOf: ValuesOf,
  saved: readonly string[] = [],
): Promise<Completion> {
  const before = text.slice(0, cursor)
  const word = /[^\s()]*$/.exec(before)?.[0].replace(/^-/, "") ?? ""
  const value = /^([A-Za-z][\w.-]*?)(?::?(?:<=|>=|!=|<|>|=)|:)(.*)$/.exec(word)
  if (value === null) return { place: { from: cursor - word.length, to: cursor }, texts: namesFrom(word, asked) }
  const [, name = "", given = ""] = value
  const prefix = given.slice(given.lastIndexOf(",") + 1).replace(/^"/, "")
  const place = { from: cursor - prefix.length, to: cursor }
  return { place, texts: await valuesFrom(name, prefix, asked, valuesOf, saved) }
}

/** Short names before long ones, and those of other kinds when somebody has begun with one. */
function namesFrom(prefix: string, asked: readonly Kind[]): string[] {
  const begun = kinds.find((kind) => prefix.startsWith(`${kind}.`))
  const among = begun === undefined ? asked : [begun]
  const start = begun === undefined ? "" : `${begun}.`
  const names = [...new Set(among.flatMap((kind) => [...fieldsOf[kind].keys()]))].map((name) => `${start}${name}:`)
  const others = begun === undefined ? kinds.filter((kind) => !asked.includes(kind)).map((kind) => `${kind}.`) : []
  const found = [...names, ...others, "saved:"].filter((name) => name.startsWith(prefix))
  const dots = (name: string) => name.split(".").length
  return found.toSorted((a, b) => dots(a) - dots(b) || (a < b ? -1 : 1)).slice(0, mostTexts)
}

async function valuesFrom(
  name: string,
  prefix: string,
  asked: readonly Kind[],
  valuesOf: ValuesOf,
  saved: readonly string[],
): Promise<string[]> {
  const [first = "", ...rest] = name.split(".")
  const other = rest.length > 0 ? kinds.find((kind) => kind === first) : undefined
  const found = new Set<string>(name === "saved" ? saved : [])
  for (const kind of other === undefined ? asked : [other]) {
    const field = fieldsOf[kind].get(other === undefined ? name : rest.join("."))
    if (field === undefined) continue
    const values = fixed(field) ?? (await valuesOf(kind, field, prefix))
    for (const value of values) found.add(value)
  }
  const begin = prefix.toLowerCase()
  return [...found]
    .filter((value) => value.toLowerCase().startsWith(begin))
    .slice(0, mostTexts)
    .map((value) => (/[\s(),"*?]/.test(value) ? JSON.stringify(value) : value))
}

function fixed({ type, values }: Field): readonly string[] | undefined {
  if (type === "truth") return ["true", "false"]
  if (type === "since" || type === "time") return [">-1h", ">-1d", ">-7d", ">-30d", "<-30d"]
  return values
}
