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
