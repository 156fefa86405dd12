/** Nobody takes the past for now: it is said at the top of every page, with the way back. */
import { at, change, hrefOf, isPast, place, to, travel } from "../place.js"
import { diff } from "../operations.js"
import { When } from "../parts/when.js"
import { pointText } from "../time.js"
import { dragged } from "../rounds.js"
import { useAnswer } from "../use-answer.js"
import { endsNow } from "./ends.js"
import { resolved, resolvedOther } from "./resolved.js"

/** Pages that say themselves what differs between the two. */
const showsIt = /^\/(?:compare|history|entities\/.*)$/
/** Pages that show what a query finds. */
const lists = /^\/(?:machines|services|stacks|topology)$/

export function PastBanner() {
  if (!isPast.value && to.value === undefined) return null
  const point = resolved.value.at
  const { problem } = resolvedOther.value
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
          {problem === undefined ? (
            showsIt.test(path) ? null : (
              <Differing q={lists.test(path) ? (params.get("q") ?? undefined) : undefined} />
            )
          ) : (
            <span role="alert">: {problem}</span>
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

/** How much differs, wherever one is: of the whole fleet, or of what is listed. While somebody drags it is not counted: that takes as long as there are changes. */
function Differing({ q }: { readonly q: string | undefined }) {
  const ends = endsNow()
  const asked = ends === undefined || dragged.value !== undefined ? undefined : { ...ends, ...(q && { q }) }
  const counted = useAnswer(diff, asked && { ...asked, limit: 1, at: "now" })
  const answer = counted.isLoading.value || dragged.value !== undefined ? undefined : counted.answer
  const { created, modified, removed } = answer?.summary ?? { created: 0, modified: 0, removed: 0 }
  const counts = [
    [created, "created"],
    [modified, "changed"],
    [removed, "removed"],
  ] as const
  const said = counts.flatMap(([n, what]) => (n === 0 ? [] : `${n} ${what}`)).join(", ")
  return (
    <>
      {": "}
      <a href={hrefOf("/compare", { q })}>{answer === undefined ? "what differs" : said || "nothing differs"}</a>
    </>
  )
}
