/** What deadlines of alerts are called: whose they are, and of what. */

/** A rule judges again. */
export function judgeKey(rule: string, name: string): string {
  return `judge ${rule} ${name}`
}

/** Something that is wrong is to be so for long enough. */
export function holdKey(rule: string, subject: string): string {
  return `hold ${rule} ${subject}`
}

/** An alert that comes and goes is to be calm for long enough. */
export function settleKey(alert: string): string {
  return `settle ${alert}`
}

/** Nobody has taken it on. */
export function escalateKey(alert: string): string {
  return `escalate ${alert}`
}

/** The word in front, and the rest. */
export function partsOf(key: string): readonly [string, string] {
  const space = key.indexOf(" ")
  return [key.slice(0, space), key.slice(space + 1)]
}
