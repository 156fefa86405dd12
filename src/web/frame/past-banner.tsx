/** Nobody takes the past for now: it is said at the top of every page, with the way back. */
import { at, change, hrefOf, isPast, place, to, travel } from "../place.js"
import { pointText } from "../time.js"
import { When } from "../parts/when.js"
import { otherProblem, resolved } from "./resolved.js"

/** Pages that say themselves what differs between the two. */
const showsIt = /^\/(?:compare|history|entities\/.*)$/

export function PastBanner() {
  if (!isPast.value && to.value === undefined) return null
  const point = resolved.value
  const { path, params } = place.value
  return (
    <div class="banner" role="status">
      {isPast.value ? (
        <p>
          <strong>This is the past.</strong>{" "}
          {point === undefined ? (
            <>As of {pointText(at.value ?? "now")}</>
          ) : (
            <>
              As of <When at={point.time} /> · position {point.position}
            </>
          )}
        </p>
      ) : (
        <p>
          <strong>Now</strong>
        </p>
      )}
      {to.value === undefined ? null : (
        <p>
          compared with <strong>{pointText(to.value)}</strong>
          {otherProblem.value === undefined ? (
            showsIt.test(path) ? null : (
              <>
                {": "}
                <a href={hrefOf("/compare", { q: params.get("q") ?? undefined })}>what differs</a>
              </>
            )
          ) : (
            <span role="alert">: {otherProblem.value}</span>
          )}
        </p>
      )}
      <span class="actions">
        {to.value === undefined ? null : (
          <button type="button" onClick={() => change({ to: undefined })}>
            Compare no more
          </button>
        )}
        {isPast.value ? (
          <button type="button" onClick={() => travel(undefined)}>
            Back to now
          </button>
        ) : null}
      </span>
    </div>
  )
}
