/** Entity tags (RFC 9110, 8.8.3), weak ones as answers may be sent compressed: what an answer follows from, hashed. So an answer that the asker has is not made again. */
import * as crypto from "node:crypto"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { JsonObject } from "#kernel/json.js"
import type { Principal, Query } from "#operations/define.js"
import type { Asked } from "#operations/invoke.js"
import type { Wanted } from "./formats.js"

/** Whether what was asked has one answer, whenever it is asked again. */
export function isDecided({ ofPoint, moments = [] }: Query, { input }: Asked): boolean {
  return ofPoint === true && moments.every((name) => isFixed(input[name]))
}

/** A position, or a time of the calendar. */
function isFixed(moment: unknown): boolean {
  return moment === undefined || (typeof moment === "string" && /^\s*(?:position:|\d{4}-)/.test(moment))
}

/** @param edition of the views that are read */
export function entityTag(
  { name }: Query,
  { point, input }: Asked,
  { format, columns }: Wanted,
  { scope }: Principal,
  edition: string,
): string {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as JsonObject
  const followsFrom = canonicalJson({
    name,
    given,
    position: point.position,
    time: point.time,
    scope,
    edition,
    format,
    columns: columns ?? null,
  })
  return `W/"${crypto.createHash("sha256").update(followsFrom).digest("base64url").slice(0, 22)}"`
}

/** Whether the asker says that it has it: `If-None-Match`, where weak tags are as good as strong ones. */
export function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false
  const known = new Set(ifNoneMatch.split(",").map((one) => one.trim().replace(/^W\//, "")))
  return known.has("*") || known.has(tag.replace(/^W\//, ""))
}
