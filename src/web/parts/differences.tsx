/** What differs between two points, entity by entity, with how many more there are. */
import { useSignal } from "@preact/signals"
import { Fragment } from "preact"
import type { Answer, Input } from "../ask.js"
import type { diff } from "../operations.js"
import type { Pages } from "../use-pages.js"
import { EntityLink } from "./entity-link.js"
import { Fields } from "./fields.js"
import { More } from "./more.js"
import { patchText } from "./patch-text.js"

type Of = NonNullable<typeof diff.of>
type Item = Answer<Of>["items"][number]
type Group = Answer<Of>["groups"][number]

interface DifferenceListProps {
  readonly pages: Pages<Of>
  /** The question that they are the answer to. */
  readonly asked: Input<Of>
  readonly onMore: () => void
}

export function DifferenceList({ pages, asked, onMore }: DifferenceListProps) {
  const { first, items } = pages
  if (first === undefined) return null
  const patchOf = (item: Item) =>
    patchText({ ...asked, from: `position:${first.from.position}`, to: `position:${first.to.position}` }, item)
  return (
    <>
      <ul class="differences">
        {items.map((item, index) => {
          const { group } = item
          const isFirst = group !== undefined && group !== items[index - 1]?.group
          return (
            <Fragment key={`${group ?? ""} ${item.entity.id}`}>
              {isFirst ? <Heading of={first.groups.find((one) => one.group === group)} by={asked.by} /> : null}
              <Entry item={item} patchOf={patchOf} />
            </Fragment>
          )
        })}
      </ul>
      <More of={pages} onMore={onMore}>
        {differencesIn(first) - items.length} more
      </More>
    </>
  )
}

/** How many there are, listed or not. */
export function differencesIn({ summary, groups }: Answer<Of>): number {
  const parts = groups.length > 0 ? groups : [summary]
  return parts.reduce((sum, { created, modified, removed }) => sum + created + modified + removed, 0)
}

function Heading({ of, by }: { readonly of: Group | undefined; readonly by: string | undefined }) {
  if (of === undefined) return null
  const { group, created, modified, removed } = of
  const counts = [
    [created, "created"],
    [modified, "changed"],
    [removed, "removed"],
  ] as const
  return (
    <li class="day">
      {group ?? `No ${by} is known`}{" "}
      <span class="soft">{counts.flatMap(([n, what]) => (n === 0 ? [] : `${n} ${what}`)).join(", ")}</span>
    </li>
  )
}

const looks = { created: "healthy", modified: "notice", removed: "warning" } as const

interface EntryProps {
  readonly item: Item
  readonly patchOf: (item: Item) => Promise<string>
}

function Entry({ item, patchOf }: EntryProps) {
  const copied = useSignal("Copy as patch")
  const { entity, was, change: what, changes } = item
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await patchOf(item))
      copied.value = "Copied"
    } catch {
      copied.value = "It could not be copied"
    }
  }
  return (
    <li>
      <p class="entry">
        <span class={`tag ${looks[what]}`}>{what === "modified" ? "changed" : what}</span>
        {was === undefined ? null : (
          <>
            <EntityLink entity={was} /> →{" "}
          </>
        )}
        <EntityLink entity={entity} />
        <span class="soft">{entity.kind === "target" ? "machine" : entity.kind}</span>
        <button type="button" class="link" onClick={() => void copy()} title="JSON Patch (RFC 6902)">
          {copied.value}
        </button>
      </p>
      <Fields of={changes} />
    </li>
  )
}
