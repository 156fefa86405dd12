/** Paths and their numbers, remembered: a fleet has few different ones, however large it is. */
import { escapeKey } from "#kernel/pointer.js"
import type { Db } from "#sqlite/open.js"
import { isItem } from "./units.js"

export interface NumberedPath {
  readonly no: number
  readonly path: string
  readonly facetNo: number
}

export interface Paths {
  /** Undefined when no record ever had it. */
  find(path: string): NumberedPath | undefined
  /** @throws Error when there is no such number. */
  get(no: number): NumberedPath
}

export function facetOf(path: string): string {
  const end = path.indexOf("/", 1)
  return end === -1 ? path : path.slice(0, end)
}

export function pathReader(db: Db): Paths {
  const byPath = db.prepare<[string], NumberedPath>("SELECT no, path, facet_no AS facetNo FROM paths WHERE path = ?")
  const byNo = db.prepare<[number], NumberedPath>("SELECT no, path, facet_no AS facetNo FROM paths WHERE no = ?")
  const knownPaths = new Map<string, NumberedPath>()
  const knownNos = new Map<number, NumberedPath>()
  const remember = (numbered: NumberedPath | undefined) => {
    if (numbered !== undefined) {
      knownPaths.set(numbered.path, numbered)
      knownNos.set(numbered.no, numbered)
    }
    return numbered
  }
  return {
    find: (path) => knownPaths.get(path) ?? remember(byPath.get(path)),
    get(no) {
      const numbered = knownNos.get(no) ?? remember(byNo.get(no))
      if (numbered === undefined) throw new Error(`bug: no path has the number ${no}`)
      return numbered
    },
  }
}

/** A numbered path and what was met beneath it, so that who goes down a document neither joins texts nor looks them up. */
export interface Place extends NumberedPath {
  readonly isItem: boolean
  readonly members: Map<string, Place>
}

export interface PathWriter {
  /** Numbers a path when it is first met. */
  readonly numbered: (path: string) => NumberedPath
  /** @param holder undefined at the top */
  readonly member: (holder: Place | undefined, key: string) => Place
}

/** For the projector alone, and thrown away with it when a batch is rolled back. */
export function pathWriter(db: Db): PathWriter {
  const paths = pathReader(db)
  const insert = db.prepare<{ path: string; facet: number | null }>(
    `INSERT INTO paths (path, facet_no) VALUES ($path, coalesce($facet, (SELECT coalesce(max(no), 0) + 1 FROM paths)))`,
  )
  const numbered = (path: string): NumberedPath => {
    const known = paths.find(path)
    if (known !== undefined) return known
    const facet = facetOf(path)
    insert.run({ path, facet: facet === path ? null : numbered(facet).no })
    return paths.find(path) as NumberedPath
  }
  const facets = new Map<string, Place>()
  return {
    numbered,
    member(holder, key) {
      const members = holder?.members ?? facets
      const known = members.get(key)
      if (known !== undefined) return known
      const path = `${holder?.path ?? ""}/${escapeKey(key)}`
      const place = { ...numbered(path), isItem: isItem(path), members: new Map<string, Place>() }
      members.set(key, place)
      return place
    },
  }
}
