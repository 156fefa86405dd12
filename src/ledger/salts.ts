/** Salts for leaves. */
import * as crypto from "node:crypto"
import { saltBytes } from "./leaf.js"

/** Random salts, drawn from the system a few hundred at a time; each holds until a few hundred more were drawn. */
export function saltPool() {
  const pool = Buffer.alloc(saltBytes * 256)
  let used = pool.length
  return {
    next(): Uint8Array {
      if (used === pool.length) {
        crypto.randomFillSync(pool)
        used = 0
      }
      used += saltBytes
      return pool.subarray(used - saltBytes, used)
    },
  }
}
