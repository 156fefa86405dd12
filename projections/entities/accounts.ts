/**
 * What each record says, so far as rows are made of it. It is remembered and follows the record's events, so that little of what they change is read again from the
 * inventory's units. Those of a machine that several sources tell of are read whole: how they are merged depends on what else stands beside a field.
 */
import type { Json, JsonObject } from "#kernel/json.js"
import { type Patch, applyPatch } from "#kernel/patch.js"
import type { Db } from "#sqlite/open.js"
import { pathReader } from "../inventory/paths.js"
import type { Kind } from "../inventory/read.js"
import { documentOf } from "../inventory/units.js"
import { type Account, counts, partOf, rowFields } from "./summary.js"

/** Records that are remembered; beyond it the memory starts anew. */
const remembered = 20_000

export interface RecordKept {
  readonly no: number
  readonly kind: Kind
  readonly source: string
  readonly nativeKey: string
  readonly targetNo: number
}

export type RecordAccount = RecordKept & Account

interface UnitRow {
  readonly pathNo: number
  readonly value: string
}

export function recordAccounts(db: Db) {
  const paths = pathReader(db)
  const recordBy = db.prepare<[number], RecordKept>(
    `SELECT no, kind, source, native_key AS nativeKey, target_no AS targetNo FROM records WHERE no = ?`,
  )
  const unitsOfRecord = db.prepare<[number], UnitRow>("SELECT path_no AS pathNo, value FROM units WHERE record_no = ?")
  const unitsOfFacet = db.prepare<[number, number], UnitRow>(
    "SELECT path_no AS pathNo, value FROM units WHERE record_no = ? AND facet_no = ?",
  )
  const known = new Map<number, RecordAccount>()

  const unitsOf = ({ no, kind }: RecordKept): UnitRow[] => {
    if (kind !== "target") return unitsOfRecord.all(no)
    return Object.keys(rowFields.target).flatMap((facet) => {
      const numbered = paths.find(`/${facet}`)
      return numbered === undefined ? [] : unitsOfFacet.all(no, numbered.no)
    })
  }

  const whole = (no: number): RecordAccount => {
    const kept = recordBy.get(no) as RecordKept
    const units = unitsOf(kept).map(({ pathNo, value }) => ({
      path: paths.get(pathNo).path,
      value: JSON.parse(value) as Json,
    }))
    return { ...kept, document: documentOf(units) }
  }

  const remember = (record: RecordKept, document: JsonObject): RecordAccount => {
    if (known.size >= remembered) known.clear()
    const part = { ...record, document: partOf(record.kind, document) }
    known.set(record.no, part)
    return part
  }

  const part = (no: number): RecordAccount => {
    const held = known.get(no)
    if (held !== undefined) return held
    const account = whole(no)
    return remember(account, account.document)
  }

  return {
    whole,
    part,
    /** What it says behind an event that the inventory has seen. Undefined when that changes nothing that rows are made of. */
    after(kind: Kind, no: number, patch: Patch): RecordAccount | undefined {
      const changes = patch.filter(({ op, path }) => op !== "test" && counts(kind, path))
      if (changes.length === 0) return undefined
      const held = known.get(no)
      if (held === undefined) return part(no)
      try {
        applyPatch(held.document, changes)
        return held
      } catch {
        // A patch that was made for another document: what the inventory has made of it counts.
        known.delete(no)
        return part(no)
      }
    },
    discovered: remember,
    forget: (no: number): void => void known.delete(no),
  }
}
