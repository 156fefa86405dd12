/** Queries that the page itself writes: what is clicked is what a person would have written. */

/** `role:production`, with quotation marks where a word alone would say something else. */
export function fieldIs(field: string, value: string): string {
  return `${field}:${/^[\w./-]+$/.test(value) && !/^(?:OR|AND|NOT)$/.test(value) ? value : JSON.stringify(value)}`
}

/** Each part that a health can be in. */
export const healthIs = {
  healthy: "health>=0.7",
  warning: "health<0.7 health>=0.3",
  critical: "health<0.3",
  unknown: "-health>=0",
} as const

/** What stands side by side in a query, as it is written: what is in quotation marks or parentheses is one part. Undefined where not all of it is asked for at once. */
export function partsOf(q: string): readonly string[] | undefined {
  const parts: string[] = []
  let [part, depth, isQuoted] = ["", 0, false]
  let before = ""
  for (const character of q) {
    if (character === '"' && before !== "\\") isQuoted = !isQuoted
    before = character
    if (!isQuoted && character === "(") depth += 1
    if (!isQuoted && character === ")") depth -= 1
    const isBetween = !isQuoted && depth === 0 && /\s/.test(character)
    if (!isBetween) part += character
    else if (part !== "") {
      parts.push(part)
      part = ""
    }
  }
  if (part !== "") parts.push(part)
  return parts.some((one) => /^(?:OR|AND|NOT)$/.test(one)) ? undefined : parts
}

/** Whether all of `wanted` is asked for already. */
export function isAskedIn(q: string, wanted: string): boolean {
  const parts = partsOf(q)
  return parts !== undefined && (partsOf(wanted) ?? []).every((part) => parts.includes(part))
}

/** The same, and `more` too. */
export function narrowed(q: string, more: string): string {
  return `${partsOf(q) === undefined ? `(${q})` : q} ${more}`.trim()
}

/** The same without it. */
export function widened(q: string, without: string): string {
  const taken = partsOf(without) ?? []
  return (partsOf(q) ?? []).filter((part) => !taken.includes(part)).join(" ")
}
