/** What differs between the point that is looked at and the one that it is compared with. */
import { diff } from "../../operations.js"
import { EntityLink } from "../../parts/entity-link.js"
import { Fields } from "../../parts/fields.js"
import { Panel } from "../../parts/panel.js"
import { at } from "../../place.js"
import { pointText } from "../../time.js"
import { useAnswer } from "../../use-answer.js"

export function Differences({ entity, to }: { readonly entity: string; readonly to: string }) {
  const from = at.value ?? "now"
  const found = useAnswer(diff, { entity, from, to, limit: 50, at: "now" })
  return (
    <Panel
      title={`From ${pointText(from)} to ${pointText(to)}`}
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
              <Fields of={changes} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
