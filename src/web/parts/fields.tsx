/** Fields that changed: each with what it was and what it is. */
import type { Json } from "#kernel/json.js"
import { useSignal } from "@preact/signals"
import { many } from "./many.js"
import { readablePath } from "./path.js"
import { Rest } from "./rest.js"
import { Sides } from "./sides.js"

interface FieldsProps {
  readonly of: readonly {
    readonly path: string
    readonly before?: Json | undefined
    readonly after?: Json | undefined
  }[]
}

const most = 40

export function Fields({ of }: FieldsProps) {
  const isAll = useSignal(false)
  const shown = isAll.value ? of : of.slice(0, most)
  return (
    <>
      {shown.map(({ path, before, after }) => (
        <div key={path} class="fields">
          <span class="path">{readablePath(path)}</span>
          <span class="sides">
            <Sides before={before} after={after} />
          </span>
        </div>
      ))}
      <Rest left={of.length - shown.length} onMore={() => (isAll.value = true)}>
        {many(of.length - shown.length, "field")} more
      </Rest>
    </>
  )
}
