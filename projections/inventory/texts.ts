/**
 * Whole documents as JSON text, put together from the texts of their units: SQLite joins those of a record to one, and nothing is parsed to be written again.
 * A tenth of the cost of a row for each unit.
 */
import { unescapeKey } from "#kernel/patch.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import type { Paths } from "./paths.js"
import { heldUnits } from "./held.js"
import { isItem } from "./units.js"

/** A unit's place, as text. */
interface Member {
  /** The path of what it stands in, empty at the top. */
  readonly holder: string
  readonly path: string
  readonly key: string
  /** `"key":` */
  readonly start: string
  readonly item: boolean
}

/** An object that is being written. */
interface Written {
  /** Members that are whole, with commas between them. */
  text: string
  readonly objects: [start: string, object: Written][]
}

/** @returns the members of the document by their names, each as JSON */
export function documentTexts(db: Db, paths: Paths): (recordNo: number, at: Position) => Map<string, string> {
  const joined = "group_concat(path_no || ' ' || value, char(10))"
  const statement = db.prepare<{ record: number; at: number }, string | null>(heldUnits(joined, "record")).pluck()
  const members = new Map<number, Member>()
  const memberOf = (no: number): Member => {
    const known = members.get(no)
    if (known !== undefined) return known
    const made = asMember(paths.get(no).path)
    members.set(no, made)
    return made
  }
  return (record, at) => {
    const document: Document = { facets: new Map(), objects: new Map() }
    // A line end within a text of JSON is escaped, so none stands in a value.
    for (const text of statement.all({ record, at }))
      if (text !== null) for (const unit of text.split("\n")) add(document, memberOf(Number.parseInt(unit, 10)), unit)
    for (const [start, object] of document.objects.get("")?.objects ?? [])
      document.facets.set(JSON.parse(start.slice(0, -1)) as string, textOf(object))
    return document.facets
  }
}

interface Document {
  readonly facets: Map<string, string>
  /** By their paths. */
  readonly objects: Map<string, Written>
}

function add(document: Document, { holder, path, key, start, item }: Member, unit: string): void {
  const value = unit.slice(unit.indexOf(" ") + 1)
  if (value === "{}" && !item) objectAt(document, path)
  else if (holder === "") document.facets.set(key, value)
  else {
    const object = objectAt(document, holder)
    object.text += object.text === "" ? `${start}${value}` : `,${start}${value}`
  }
}

function objectAt(document: Document, path: string): Written {
  const known = document.objects.get(path)
  if (known !== undefined) return known
  const made: Written = { text: "", objects: [] }
  document.objects.set(path, made)
  if (path !== "") {
    const { holder, start } = asMember(path)
    objectAt(document, holder).objects.push([start, made])
  }
  return made
}

function textOf({ text, objects }: Written): string {
  const held = objects.map(([start, object]) => `${start}${textOf(object)}`)
  return `{${(text === "" ? held : [text, ...held]).join(",")}}`
}

function asMember(path: string): Member {
  const end = path.lastIndexOf("/")
  const key = unescapeKey(path.slice(end + 1))
  return { holder: path.slice(0, end), path, key, start: `${JSON.stringify(key)}:`, item: isItem(path) }
}
