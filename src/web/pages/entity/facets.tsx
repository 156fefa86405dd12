/** Facts by facet, each field with since when it is so, and opened with what it was before, by whom and by which event: nothing stands here that nobody has told. */
import { useSignal } from "@preact/signals"
import { isObject } from "#kernel/json.js"
import type { Answer } from "../../ask.js"
import { blame, event } from "../../operations.js"
import { Fields as Changed } from "../../parts/fields.js"
import { Trouble } from "../../parts/said.js"
import { titleOf } from "../../parts/story.js"
import { Value } from "../../parts/value.js"
import { When } from "../../parts/when.js"
import { change, hrefOf } from "../../place.js"
import { useAnswer } from "../../use-answer.js"

/** Of some there are many, which are seldom looked at. On a phone all would be, and how it is doing far below. */
const foldedAtFirst = new Set(["packages", "sockets", "access", "certificates"])
const mostAtOnce = 500
const phonePx = 760

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
  const isOpen = useSignal(innerWidth >= phonePx && !foldedAtFirst.has(name))
  return (
    <details class="panel facet" open={isOpen.value} onToggle={({ currentTarget: { open } }) => (isOpen.value = open)}>
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
  const isOpen = useSignal(false)
  const { path, value, observedAt } = field
  return (
    <>
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
            aria-expanded={isOpen.value}
            title={`${accountOf(field)} · what it was before, and by which event`}
            onClick={() => (isOpen.value = !isOpen.value)}
          >
            <When at={observedAt} short />
          </button>
        </td>
      </tr>
      {isOpen.value ? (
        <tr class="origin">
          <td colSpan={3}>
            <Origin field={field} />
          </td>
        </tr>
      ) : null}
    </>
  )
}

function accountOf({ type, source, actor, reason }: Field): string {
  return [titleOf(type), source === null ? `by ${actor}` : `seen by ${source}`, reason]
    .filter((text) => text !== null)
    .join(" · ")
}

/** The event that a field is as it is by, and what that changed of it. */
function Origin({ field }: { readonly field: Field }) {
  const { path, position, observedAt } = field
  const { answer, error } = useAnswer(event, { position, at: "now" })
  if (error !== undefined) return <Trouble error={error} />
  if (answer === undefined) return null
  const changes = (answer.change?.changes ?? []).filter(
    (one) =>
      `${one.path}/`.startsWith(`${path}/`) || (path.startsWith(`${one.path}/`) && isObject(one.before ?? undefined)),
  )
  return (
    <>
      <div class="differences">{changes.length === 0 ? <p>It was new then.</p> : <Changed of={changes} />}</div>
      <p class="soft">
        <When at={observedAt} /> · {accountOf(field)} · <a href={hrefOf(`/events/${position}`)}>event #{position}</a> ·{" "}
        <button type="button" class="link" onClick={() => change({ at: `position:${position}` })}>
          go to then
        </button>
      </p>
    </>
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
