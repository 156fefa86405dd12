/** Text from the fleet on a terminal. */
import { type Json, jsonText } from "#kernel/json.js"
import { printable } from "#kernel/printable.js"

export { printable }

/** `null` stands for what is not there. */
export function valueText(value: Json): string {
  return value === null ? "none" : printable(jsonText(value))
}
