/** Foreign text made harmless to show: control characters (escape sequences among them) and those that hide or reorder writing become visible. */

export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (character) =>
    character === "\n" || character === "\t"
      ? " "
      : `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, "0")}`,
  )
}
