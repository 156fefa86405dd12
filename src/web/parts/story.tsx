/** Changes as a story: when, what of whom, from what to what, who told of it. Each leads to the fleet as it was right then. */
import { Fragment } from "preact"
import type { Answer } from "../ask.js"
import type { history } from "../operations.js"
import { change, hrefOf } from "../place.js"
import { localDate } from "../time.js"
import { EntityLink } from "./entity-link.js"
import { many } from "./many.js"
import { readablePath } from "./path.js"
import { Sides } from "./sides.js"
import { When } from "./when.js"

export type Told = Answer<NonNullable<typeof history.of>>["items"][number]

export function Story({
  items,
  isOfOne = false,
  most = 4,
  chosen = -1,
}: {
  readonly items: readonly Told[]
  readonly isOfOne?: boolean
  readonly most?: number
  /** Index of the one that the keyboard is at. */
  readonly chosen?: number
}) {
  let day = ""
  return (
    <ol class={`story${isOfOne ? " by-day" : ""}`}>
      {items.map((item, index) => {
        const its = localDate(new Date(item.observedAt))
        const isNewDay = isOfOne && its !== day
        day = its
        return (
          <Fragment key={item.position}>
            {isNewDay ? <li class="day">{its}</li> : null}
            <Change item={item} isOfOne={isOfOne} most={most} isChosen={index === chosen} />
          </Fragment>
        )
      })}
    </ol>
  )
}

interface ChangeProps {
  readonly item: Told
  readonly isOfOne: boolean
  readonly most: number
  readonly isChosen: boolean
}

function Change({ item, isOfOne, most, isChosen }: ChangeProps) {
  const { type, entity, changes, source, actor, by, reason, position, observedAt, severity } = item
  return (
    <li aria-current={isChosen ? "true" : undefined}>
      <span class="at">
        <When at={observedAt} ofDay={isOfOne} />
      </span>
      <div>
        <p>
          <a class={`tag ${severity}`} title={`${severity}: open the event`} href={hrefOf(`/events/${position}`)}>
            {titleOf(type)}
          </a>{" "}
          {isOfOne && entity.kind === "target" ? null : <EntityLink entity={entity} />}{" "}
          <span class="who">
            {by === null ? (source === null ? actor : `seen by ${source}`) : `by ${by}`}
            {reason === null ? "" : ` · ${reason}`}
            {" · "}
            <button
              type="button"
              class="link"
              title="See everything as it was then"
              onClick={() => change({ at: `position:${position}` })}
            >
              #{position}
            </button>
          </span>
        </p>
        {changes.length === 0 ? null : (
          <div class="fields">
            {changes.slice(0, most).map(({ path, before, after }) => (
              <div key={path}>
                <span class="path">{readablePath(path)}</span>
                <Sides before={before} after={after} />
              </div>
            ))}
            {changes.length > most ? (
              <a href={hrefOf(`/events/${position}`)}>{many(changes.length - most, "field")} more</a>
            ) : null}
          </div>
        )}
      </div>
    </li>
  )
}

/** `ServiceStateChanged` as words. */
export function titleOf(type: string): string {
  const words = type.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
