/** What may have been meant by a name that nothing has: the machine that is a typing slip away, among those that begin alike. */
import { nearest } from "#kernel/nearest.js"
import { targets } from "../../operations.js"
import { hrefOf } from "../../place.js"
import { useAnswer } from "../../use-answer.js"

const mostSought = 300

export function Nearest({ to }: { readonly to: string }) {
  const begun = /^[\w.-]{2}/.exec(to)?.[0]
  const alike = useAnswer(targets, begun === undefined ? undefined : { q: `name:${begun}*`, limit: mostSought })
  const names = alike.answer?.items.map(({ name }) => name) ?? []
  const near = nearest(to, names)
  return (
    <p class="hint">
      {near === undefined ? (
        <a href={hrefOf("/machines")}>All machines</a>
      ) : (
        <>
          Did you mean <a href={hrefOf(`/entities/${encodeURIComponent(near)}`)}>{near}</a>?
        </>
      )}
    </p>
  )
}
