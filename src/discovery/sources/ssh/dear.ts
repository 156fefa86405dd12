/**
 * What is dear to ask for is asked again when what it depends on has changed, and once in a while. Its text begins with a line of the terms that it holds
 * under; the asker gives the digest of that line back, and nothing is asked while the terms are the same.
 */
import type { MaterialName } from "../../facts/material.js"

const dear: ReadonlySet<MaterialName> = new Set(["updates", "certificates"])

export function isDear(name: MaterialName): boolean {
  return dear.has(name)
}

/** What the collector compares of a text: all of it, or the terms that it holds under. */
export function compared(name: MaterialName, text: Buffer): Buffer {
  const end = text.indexOf("\n")
  return isDear(name) && end !== -1 ? text.subarray(0, end) : text
}

export const terms = `
# \`every SECONDS\`: the number of the period that it is, which begins on each host at a moment of its own.
every() {
  offset=$(uname -n | cksum)
  echo $((($(date +%s) + \${offset%% *}) / $1))
}
# \`holds MATERIAL TERMS\`: whether the asker has it under these terms, and is told so.
holds() {
  digest=$(printf %s "$2" | sha256sum 2>/dev/null)
  case $known in *" $1=\${digest%% *} "*) say "$1" same ;; *) return 1 ;; esac
}
`
