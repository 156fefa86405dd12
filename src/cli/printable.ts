/** Text from the fleet on a terminal: control characters (escape sequences among them) and those that hide or reorder writing become visible. */
import { type Json, jsonText } from "#kernel/json.js"

export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\n" || character === "\t"
      ? " "
      : `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, "0")}`,
  )
}

/** `null` stands for what is not there. */
export function valueText(value: Json): string {
  return value === null ? "none" : printable(jsonText(value))
}
