/**
 * Text and numbers that somebody else wrote. A process may call itself anything and a file may hold anything, so whatever becomes a
 * value or a key of an observation passes through here: short, on one line, and well formed.
 */

import type { JsonObject } from "#kernel/json.js"

const longest = 1_024

/** At most 1,024 UTF-16 units; control characters and lone surrogates become U+FFFD. */
export function foreignText(text: string): string {
  return text
    .slice(0, longest)
    .replaceAll(/\p{Cc}/gu, "\uFFFD")
    .toWellFormed()
}

/** What a file of one line says; null when it says nothing. */
export function foreignLine(text: string): string | null {
  const line = text.trim()
  return line === "" ? null : foreignText(line)
}

/** A whole number in decimal digits that JSON carries exactly; null when it is none. */
export function foreignCount(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : null
}

/** A collection of names of which nothing more is said. */
export function foreignNames(prefix: string, names: Iterable<string>): JsonObject {
  return Object.fromEntries([...names].map((name) => [`${prefix}:${foreignText(name)}`, {}]))
}
