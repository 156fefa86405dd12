/** Patterns of names, as OpenSSH's files have them: `*` is any text, `?` one character, and in a list `!` excludes whatever else matches. */

/** Without backtracking over more than one star, so that no pattern takes long. Case is the caller's. */
export function matchesPattern(text: string, pattern: string): boolean {
  let at = 0
  let part = 0
  let star = -1
  let afterStar = 0
  while (at < text.length) {
    if (part < pattern.length && (pattern[part] === "?" || pattern[part] === text[at]) && pattern[part] !== "*") {
      at += 1
      part += 1
    } else if (pattern[part] === "*") {
      star = part
      afterStar = at
      part += 1
    } else if (star >= 0) {
      afterStar += 1
      at = afterStar
      part = star + 1
    } else return false
  }
  while (pattern[part] === "*") part += 1
  return part === pattern.length
}

/** Whether one of the patterns matches and none that begins with `!` does. */
export function matchesList(text: string, patterns: readonly string[]): boolean {
  const [refused, wanted] = [patterns.filter(isNegated), patterns.filter((pattern) => !isNegated(pattern))]
  if (refused.some((pattern) => matchesPattern(text, pattern.slice(1)))) return false
  return wanted.some((pattern) => matchesPattern(text, pattern))
}

function isNegated(pattern: string): boolean {
  return pattern.startsWith("!")
}
