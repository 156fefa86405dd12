/** A value of the fleet as a person reads it: scalars plain, what is there and empty as nothing, collections as their items. */
import { type Json, isObject, jsonText } from "#kernel/json.js"

/** Whoever wants more of a collection opens it. */
const mostMembers = 8
const mostCharacters = 300

export function Value({ value }: { readonly value: Json | undefined }) {
  if (value === null || value === undefined) return <span class="value soft">none</span>
  if (!isObject(value)) return <span class="value">{cut(jsonText(value))}</span>
  const members = Object.entries(value)
  if (members.length === 0) return <span class="value soft">none</span>
  return (
    <span class="value">
      {members.slice(0, mostMembers).map(([key, inner], index) => (
        <span key={key}>
          {index === 0 ? "" : ", "}
          <span class="key">{key}</span>
          {isObject(inner) && Object.keys(inner).length === 0 ? "" : " "}
          {isObject(inner) && Object.keys(inner).length === 0 ? null : inner === null ? "none" : cut(memberText(inner))}
        </span>
      ))}
      {members.length > mostMembers ? <span class="key"> and {members.length - mostMembers} more</span> : null}
    </span>
  )
}

/** One level further down, in a few words: its values say more than its punctuation. */
function memberText(value: Json): string {
  if (!isObject(value)) return jsonText(value)
  return Object.entries(value)
    .map(([key, inner]) => {
      if (isObject(inner)) return `${key} ${memberText(inner)}`.trimEnd()
      return typeof inner === "boolean" ? (inner ? key : "") : inner === null ? "" : jsonText(inner)
    })
    .filter((text) => text !== "")
    .join(" ")
}

function cut(text: string): string {
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text
}
