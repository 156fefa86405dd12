/** Cursors: where a page ended, pinned to the point that the first page was read at, so that pages of one list never mix two moments. */
import * as z from "zod"
import { FleetError } from "#kernel/errors.js"
import type { Instant } from "#kernel/clock.js"
import type { Point, Position } from "#kernel/point.js"

const shape = z.strictObject({
  p: z.int().min(-1),
  t: z.iso.datetime(),
  k: z.array(z.union([z.string(), z.number()])).max(6),
})

/** What the page after this one begins behind. */
export type PageKey = readonly (string | number)[]

export function encodeCursor(point: Point, key: PageKey): string {
  return Buffer.from(JSON.stringify({ p: point.position, t: point.time, k: key })).toString("base64url")
}

/** @throws FleetError `InvalidInput` */
export function decodeCursor(text: string): { readonly point: Point; readonly key: PageKey } {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(text, "base64url").toString("utf8"))
  } catch {
    parsed = undefined
  }
  const result = shape.safeParse(parsed)
  if (!result.success) throw wrongCursor()
  const { p, t, k } = result.data
  return { point: { position: p as Position, time: t as Instant }, key: k }
}

/** For one of another list, or of another ledger. */
export function wrongCursor(): FleetError {
  return new FleetError("InvalidInput", `"cursor" is not one that this server gave; start again without it`)
}
