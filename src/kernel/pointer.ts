/** JSON Pointers (RFC 6901): how a member name is written in a path. Loads nothing, so that the command line can print paths. */

/** RFC 6901 escaping of one member name. */
export function escapeKey(key: string): string {
  return key.includes("~") || key.includes("/") ? key.replaceAll("~", "~0").replaceAll("/", "~1") : key
}

export function unescapeKey(key: string): string {
  return key.includes("~") ? key.replaceAll("~1", "/").replaceAll("~0", "~") : key
}
