/** Facts by facet, each field with since when it is so and by which event: nothing stands here that nobody has told. */
import { useSignal } from "@preact/signals"
import type { Answer } from "../../ask.js"
import { blame } from "../../operations.js"
import { Trouble } from "../../parts/said.js"
import { titleOf } from "../../parts/story.js"
import { Value } from "../../parts/value.js"
import { When } from "../../parts/when.js"
import { change } from "../../place.js"
import { useAnswer } from "../../use-answer.js"

/** Of some there are many, which are seldom looked at. */
const foldedAtFirst = new Set(["packages", "sockets", "access", "certificates"])
const mostAtOnce = 500

export function Facets({
  entity,
  names,
  omitted,
}: {
  readonly entity: string
  readonly names: readonly string[]
  readonly omitted: readonly string[]
}) {
  return (
    <>
      {[...names, ...omitted].map((name) => (
        <Facet key={name} entity={entity} name={name} />
      ))}
    </>
  )
}

function Facet({ entity, name }: { readonly entity: string; readonly name: string }) {
  const isOpen = useSignal(!foldedAtFirst.has(name))
  return (
    <details class="panel facet" open={isOpen.value} onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
      <summary>
        <h2>{name === "os" ? "Operating system" : titleOf(name)}</h2>
      </summary>
      {isOpen.value ? <Fields entity={entity} name={name} /> : null}
    </details>
  )
}

type Field = Answer<NonNullable<typeof blame.of>>["items"][number]

function Fields({ entity, name }: { readonly entity: string; readonly name: string }) {
  const known = useAnswer(blame, { entity, field: name, limit: mostAtOnce })
  if (known.error !== undefined && known.answer === undefined) return <Trouble error={known.error} />
  if (known.answer === undefined) return null
  const { items, next } = known.answer
  return (
    <>
      <table class="facts">
        <thead class="visually-hidden">
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {items.map((field) => (
            <Row key={`${field.record} ${field.path}`} field={field} facet={name} />
          ))}
        </tbody>
      </table>
      {next === null ? null : <p class="more soft">The first {mostAtOnce} are shown; JSON has all.</p>}
    </>
  )
}

function Row({ field, facet }: { readonly field: Field; readonly facet: string }) {
  const { path, value, observedAt, type, source, actor, reason, position } = field
  const told = [titleOf(type), source === null ? `by ${actor}` : `seen by ${source}`, reason]
    .filter((text) => text !== null)
    .join(" · ")
  return (
    <tr>
      <th scope="row" class="path">
        {fieldName(path, facet)}
      </th>
      <td>
        <Value value={value} />
      </td>
      <td class="since">
        <button
          type="button"
          class="link"
          title={`${told} · as it was then`}
          onClick={() => change({ at: `position:${position}` })}
        >
          <When at={observedAt} short />
        </button>
      </td>
    </tr>
  )
}

/** A pointer without its facet, and without the escapes that only machines need. */
function fieldName(path: string, facet: string): string {
  const inner = path === `/${facet}` ? facet : path.slice(facet.length + 2)
  return inner
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(" › ")
}
