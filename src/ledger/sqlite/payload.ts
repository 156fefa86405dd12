/**
 * Payloads as rows have them: the very text, or, where it is long, its compressed bytes. The text comes back byte for byte, so what is hashed and proved is the
 * same; whatever cannot be undone comes back as a text that no leaf has.
 */
import * as zlib from "node:zlib"
import type { Db } from "#sqlite/open.js"

/** From so many characters on compressing takes away more than half, of what changes as of what is first seen. */
const long = 512

/** Quality 4 takes 30 bytes a change less, at three times the work. */
const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: 1, [zlib.constants.BROTLI_PARAM_LGWIN]: 16 }

export interface Kept {
  readonly data: string
  readonly packed: Uint8Array | null
}

export function kept(text: string): Kept {
  if (text.length < long) return { data: text, packed: null }
  const packed = zlib.brotliCompressSync(text, { params })
  return packed.length < text.length ? { data: "", packed } : { data: text, packed: null }
}

/** The payload of a row of `events`, in SQL of a connection that `unpacks`. */
export const payload = "CASE WHEN packed IS NULL THEN data ELSE data || unpacked(packed) END"

export function unpacks(db: Db): void {
  db.function("unpacked", { deterministic: true }, (packed) => {
    try {
      return zlib.brotliDecompressSync(packed as Uint8Array, { maxOutputLength: mostBytes }).toString("utf8")
    } catch {
      return ""
    }
  })
}

/** More than any event has. */
const mostBytes = 16 * 1_048_576
