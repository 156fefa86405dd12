/** What the overview tells besides its figures: each part is drawn anew when its own answer comes. */
import type { Answer } from "../../ask.js"
import { AlertLines } from "../../parts/alert-lines.js"
import { EntityLink } from "../../parts/entity-link.js"
import { Score } from "../../parts/health.js"
import { Panel } from "../../parts/panel.js"
import { Story } from "../../parts/story.js"
import { When } from "../../parts/when.js"
import type { alerts, drift, health, history, status } from "../../operations.js"
import { hrefOf } from "../../place.js"
import type { Loaded } from "../../use-answer.js"
import { blindOf } from "./blind.js"

interface Of<A> {
  readonly of: Loaded<A>
}

export function WorstOff({ of }: Of<Answer<NonNullable<typeof health.of>>>) {
  return (
    <Panel
      title="Worst off, as last seen"
      of={of}
      aside={<a href={hrefOf("/machines", { sort: "health" })}>All by health</a>}
      empty={
        of.answer?.items.length === 0
          ? { title: "No machine is known", hint: "A source is looked at every few minutes; see Discovery." }
          : { title: "Nothing is wrong with any machine" }
      }
      isEmpty={({ items }) => items.every(({ score }) => score === 1)}
    >
      {({ items }) => (
        <table class="facts">
          <thead>
            <tr>
              <th scope="col">Machine</th>
              <th scope="col">Health</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {items
              .filter(({ score }) => score !== 1)
              .map(({ entity, score, reasons }) => (
                <tr key={entity.id}>
                  <td>
                    <EntityLink entity={entity} />
                  </td>
                  <td>
                    <Score score={score} />
                  </td>
                  <td>
                    {reasons.length === 0 ? (
                      <span class="soft">{score === null ? "nothing is known of it" : "nothing is wrong"}</span>
                    ) : (
                      reasons.map(({ fact }) => fact).join(" · ")
                    )}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

export function Raised({ of }: Of<Answer<NonNullable<typeof alerts.of>>>) {
  return (
    <Panel
      title="Alerts"
      of={of}
      aside={<a href={hrefOf("/alerts")}>All</a>}
      empty={{
        title: "Nothing is the matter",
        hint: "No alert stands. What raises one is said by the rules in the configuration.",
      }}
      isEmpty={({ items }) => items.length === 0}
    >
      {({ items }) => <AlertLines items={items.slice(0, 6)} />}
    </Panel>
  )
}

export function Drifting({ of }: Of<Answer<NonNullable<typeof drift.of>>>) {
  return (
    <Panel
      title="Drift"
      of={of}
      aside={<a href={hrefOf("/drift")}>All</a>}
      empty={{
        title: "Everything is as it is meant to be",
        hint: (
          <>
            As far as anybody has said how: <code>fleet-ledger pin</code> and <code>fleet-ledger rules adopt</code>.
          </>
        ),
      }}
      isEmpty={({ items }) => items.length === 0}
    >
      {({ items }) => (
        <ul class="lines">
          {items.map((row) => (
            <li key={`${row.baseline} ${row.rule} ${row.entity.id} ${row.field}`}>
              <span class={`tag ${row.severity}`}>{row.severity}</span>
              <span class="grow">
                <EntityLink entity={row.entity} /> <span class="soft">{row.text ?? row.field}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

export function BlindSpots({ of }: Of<Answer<NonNullable<typeof status.of>>>) {
  const blind = of.answer === undefined ? [] : blindOf(of.answer.sources)
  return (
    <Panel
      title="Blind spots"
      of={of}
      aside={<a href={hrefOf("/discovery")}>Sources</a>}
      empty={{ title: "Everything could be looked at" }}
      isEmpty={() => blind.length === 0}
    >
      {() => (
        <ul class="lines">
          {blind.map(({ name, why, lastSeen }) => (
            <li key={name}>
              <strong>{name}</strong>
              <span class="grow soft" title={why}>
                {why}
              </span>
              <span class="soft">{lastSeen === null ? "never seen" : <When at={lastSeen} short />}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

export function Lately({ of }: Of<Answer<NonNullable<typeof history.of>>>) {
  return (
    <Panel
      title="What changed lately"
      of={of}
      aside={<a href={hrefOf("/history")}>Everything</a>}
      empty={{ title: "Nothing has changed by then", hint: "The strip above shows when something did." }}
      isEmpty={({ items }) => items.length === 0}
    >
      {({ items }) => <Story items={items} most={2} />}
    </Panel>
  )
}
