/** How a field is named in a question: `os.kernel`, `packages.pkg:nginx`, `/storage/filesystems/fs:~1srv`; what is named may hold others. */
import * as z from "zod"
import { facetsOf } from "#discovery/facets.js"
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import { escapeKey } from "#kernel/patch.js"
import { unitAt } from "#projections/inventory/units.js"
import type { ViewsReader } from "#projections/views.js"

export const facetNames = [
  ...new Set(Object.values(facetsOf).flatMap((facets) => Object.keys(facets))),
  "resources",
  "assigned",
  "flapping",
]

export function noFacet(facet: string): FleetError {
  const near = nearest(facet, facetNames)
  const hint = near === undefined ? `there are ${facetNames.join(", ")} and all` : `did you mean "${near}"?`
  return new FleetError("InvalidInput", `there is no facet "${facet.slice(0, 80)}"; ${hint}`)
}

/** Room for the longest key of an item. */
export const fieldReference = z.string().min(1).max(2_000)

/**
 * The path of what a person names, with dots or slashes. Inside an item of a collection it is the item: that is what is known of as one.
 * @throws FleetError `InvalidInput` when there is no such facet
 */
export async function fieldPath(views: ViewsReader, text: string): Promise<string> {
  const [path, ...shorter] = text.startsWith("/") ? [unitAt(text.replace(/\/$/, "")).unit] : readings(text)
  const facet = path?.split("/")[1] ?? ""
  if (!facetNames.includes(facet) && facet !== "lifecycle") throw noFacet(facet)
  for (const candidate of [path, ...shorter]) {
    if (candidate !== undefined && (await views.inventory.isPath(candidate))) return candidate
  }
  return path as string
}

const mostFields = 100

/** The paths of several, separated by commas. @throws FleetError `InvalidInput` */
export async function fieldPaths(views: ViewsReader, text: string): Promise<readonly string[]> {
  const given = new Set(text.split(",").map((one) => one.trim()))
  given.delete("")
  if (given.size > mostFields) throw new FleetError("InvalidInput", `"field" names more than ${mostFields}`)
  return Promise.all([...given].map((field) => fieldPath(views, field)))
}

/** Keys of items may have dots and slashes in them: the longest reading first. */
function readings(text: string): string[] {
  const colon = text.indexOf(":")
  if (colon === -1) return [`/${text.split(/[./]/).map(escapeKey).join("/")}`]
  const begin = Math.max(text.lastIndexOf(".", colon), text.lastIndexOf("/", colon)) + 1
  const holder = text.slice(0, begin).split(/[./]/).map(escapeKey).join("/")
  const keys: string[] = []
  for (
    let end = text.length;
    end > colon;
    end = Math.max(text.lastIndexOf(".", end - 1), text.lastIndexOf("/", end - 1))
  )
    keys.push(text.slice(begin, end))
  return keys.map((key) => `/${holder}${escapeKey(key)}`)
}
