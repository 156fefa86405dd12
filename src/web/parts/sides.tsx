/** What a field was and what it is. */
import { type Json, isObject } from "#kernel/json.js"
import { Value } from "./value.js"

interface SidesProps {
  readonly before: Json | undefined
  readonly after: Json | undefined
}

export function Sides({ before, after }: SidesProps) {
  return (
    <>
      <del>
        <Side value={before} other={after} />
      </del>{" "}
      <span class="arrow">→</span>{" "}
      <ins>
        <Side value={after} other={before} />
      </ins>
    </>
  )
}

/** What has a name and nothing else is there, and the other side says that it is not: `none → none` would say nothing. */
function Side({ value, other }: { readonly value: Json | undefined; readonly other: Json | undefined }) {
  const isBare = isObject(value) && Object.keys(value).length === 0
  return isBare && (other === undefined || other === null) ? <span class="value">there</span> : <Value value={value} />
}
