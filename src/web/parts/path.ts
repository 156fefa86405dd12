/** A field's path without the escapes that only machines need. */
import { unescapeKey } from "#kernel/pointer.js"

export function readablePath(path: string): string {
  return path.split("/").map(unescapeKey).join("/")
}
