/** HTML from templates in which every value is text unless it was made by this template. Text from the fleet is hostile until it has been here. */

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = string | number | null | undefined | Html | readonly Html[]

export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.reduce((out, part, i) => out + (i === 0 ? "" : textOf(values[i - 1])) + part, ""))
}

function textOf(value: Value): string {
  if (value === null || value === undefined) return ""
  if (value instanceof Html) return value.text
  if (typeof value === "object") return value.map(textOf).join("")
  return escape(String(value))
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** Control characters, and those that hide or turn writing, are shown as what they are. */
function escape(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => entities[character] as string)
    .replaceAll(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd")
}
