/** Fields that changed: each with what it was and what it is. */
import type { Json } from "#kernel/json.js"
import { readablePath } from "./path.js"
import { Value } from "./value.js"

interface FieldsProps {
  readonly of: readonly {
    readonly path: string
    readonly before?: Json | undefined
    readonly after?: Json | undefined
  }[]
}

/** Whoever wants more of them asks for that field. */
const most = 40

export function Fields({ of }: FieldsProps) {
  return (
    <>
      {of.slice(0, most).map(({ path, before, after }) => (
        <div key={path} class="fields">
          <span class="path">{readablePath(path)}</span>
          <span class="sides">
            <del>
              <Value value={before} />
            </del>{" "}
            <span class="arrow">→</span>{" "}
            <ins>
              <Value value={after} />
            </ins>
          </span>
        </div>
      ))}
      {of.length > most ? <p class="soft">and {of.length - most} fields more</p> : null}
    </>
  )
}
