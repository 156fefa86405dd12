/** What differs between the point that is looked at and the one that it is compared with. */
import { diff } from "../../operations.js"
import { EntityLink } from "../../parts/entity-link.js"
import { Panel } from "../../parts/panel.js"
import { Value } from "../../parts/value.js"
import { at } from "../../place.js"
import { useAnswer } from "../../use-answer.js"

export function Differences({ entity, to }: { readonly entity: string; readonly to: string }) {
  const from = at.value ?? "now"
  const found = useAnswer(diff, { entity, from, to, limit: 50, at: "now" })
  return (
    <Panel
      title={`From ${from} to ${to}`}
      of={found}
      empty={{ title: "There is no difference", hint: "Drag either handle of the strip to compare other times." }}
      isEmpty={({ items }) => items.length === 0}
    >
      {({ items }) => (
        <ul class="differences">
          {items.map(({ entity: of, change, changes }) => (
            <li key={of.id}>
              <p>
                <span class={`tag ${change === "removed" ? "warning" : "notice"}`}>{change}</span>{" "}
                <EntityLink entity={of} />
              </p>
              {changes.slice(0, 40).map(({ path, before, after }) => (
                <div key={path} class="fields">
                  <span class="path">{path}</span>
                  <span>
                    <del>
                      <Value value={before} />
                    </del>{" "}
                    →{" "}
                    <ins>
                      <Value value={after} />
                    </ins>
                  </span>
                </div>
              ))}
              {changes.length > 40 ? <p class="soft">and {changes.length - 40} fields more</p> : null}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
