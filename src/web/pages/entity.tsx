/** One machine, service or stack: what is known of it and since when, what happened to it, how it is doing and why, and what it has to do with others. */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { Refused } from "../answers.js"
import { addressOf } from "../ask.js"
import { alerts, drift, health, history, relations, services, show } from "../operations.js"
import { AlertLines } from "../parts/alert-lines.js"
import { EntityLink } from "../parts/entity-link.js"
import { State, healthOf } from "../parts/health.js"
import { More } from "../parts/more.js"
import { Panel } from "../parts/panel.js"
import { Rest } from "../parts/rest.js"
import { Trouble } from "../parts/said.js"
import { Story } from "../parts/story.js"
import { When } from "../parts/when.js"
import { at, change, go, hrefOf, to } from "../place.js"
import type { PageProps } from "../routes.js"
import { useAnswer } from "../use-answer.js"
import { usePages } from "../use-pages.js"
import { useRows } from "../use-rows.js"
import { Differences } from "./entity/differences.js"
import { Facets } from "./entity/facets.js"
import { Nearest } from "./entity/nearest.js"
import { Measured } from "./entity/measured.js"
import { Records } from "./entity/records.js"

export function EntityPage({ params }: PageProps) {
  const entity = params["entity"] as string
  return <Biography key={entity} entity={entity} />
}

function Biography({ entity }: { readonly entity: string }) {
  const shown = useAnswer(show, { entity })
  const judged = useAnswer(health, { entity })
  const isTarget = shown.answer?.entity.kind === "target"
  const running = useAnswer(services, isTarget ? { target: entity, limit: 200 } : undefined)
  const related = useAnswer(relations, { entity })
  const drifting = useAnswer(drift, { entity, limit: 20 })
  const raised = useAnswer(alerts, { entity, limit: 20 })
  const { pages, more } = usePages(history, { entity })
  const chosen = useRows(pages.items.length, (index) => {
    const item = pages.items[index]
    if (item !== undefined) go(hrefOf(`/events/${item.position}`))
  })
  const name = shown.answer?.entity.name
  useEffect(() => {
    if (name !== undefined) document.title = `${name} · fleet-ledger`
  }, [name])

  if (shown.error !== undefined && shown.answer === undefined)
    return (
      <div class="page">
        <h1 class="visually-hidden">{entity}</h1>
        <Trouble error={shown.error} />
        {shown.error instanceof Refused && shown.error.code === "NotFound" ? <Nearest to={entity} /> : null}
      </div>
    )
  if (shown.answer === undefined) return null
  const { entity: it, target, lifecycle, lastSeen, records, facets, omitted } = shown.answer
  const reasons = judged.answer?.items[0]?.reasons ?? []
  const score = judged.answer?.items[0]?.score ?? null

  return (
    <div class="page entity">
      <header class="page-head">
        <h1>{it.name}</h1>
        <span class="tag">{it.kind === "target" ? "machine" : it.kind}</span>
        <State state={lifecycle} />
        <span class={`state ${healthOf(score)}`}>health {score === null ? "not known" : Math.round(score * 100)}</span>
        {target === null ? null : (
          <span>
            on <EntityLink entity={target} />
          </span>
        )}
        <span class="soft">
          {lastSeen === null ? (
            "not looked at completely by then"
          ) : (
            <>
              last seen <When at={lastSeen} />
            </>
          )}
          {" · by "}
          {records.map(({ source }) => source).join(", ")}
        </span>
        <span class="actions">
          <a class="button" href={hrefOf("/compare", { entity: it.kind === "target" ? it.name : it.id })}>
            Compare with another
          </a>
          <a
            class="button"
            href={addressOf(show, { entity, facets: "all", ...(at.value === undefined ? {} : { at: at.value }) })}
            target="_blank"
          >
            JSON
          </a>
        </span>
      </header>
      <div class="columns wide-first">
        <div class="stack">
          {to.value === undefined ? null : <Differences entity={entity} />}
          <Facets entity={entity} names={Object.keys(facets)} omitted={omitted} />
        </div>
        <div class="stack">
          <Panel
            title="Health"
            of={judged}
            empty={{ title: score === null ? "Nothing is known of how it is doing" : "Nothing is wrong with it" }}
            isEmpty={() => reasons.length === 0}
          >
            {() => (
              <ul class="lines">
                {reasons.map(({ factor, fact, weight, position }) => (
                  <li key={`${factor} ${fact}`}>
                    <b class="num minus">−{Math.round(weight * 100)}</b>
                    <span class="grow wrap">{fact}</span>
                    {position === null ? null : (
                      <button
                        type="button"
                        class="link"
                        title="As it was when that came"
                        onClick={() => change({ at: `position:${position}` })}
                      >
                        #{position}
                      </button>
                    )}
                  </li>
                ))}
              </ul>
            )}
          </Panel>
          {raised.answer === undefined || raised.answer.items.length === 0 ? null : (
            <Panel title="Alerts" count={raised.answer.items.length} of={raised}>
              {({ items }) => <AlertLines items={items} />}
            </Panel>
          )}
          {drifting.answer === undefined || drifting.answer.items.length === 0 ? null : (
            <Panel title="Drift" count={drifting.answer.counts.drift} of={drifting}>
              {({ items }) => (
                <ul class="lines">
                  {items.map((row) => (
                    <li key={`${row.baseline} ${row.rule} ${row.entity.id} ${row.field}`}>
                      <span class={`tag ${row.severity}`}>{row.severity}</span>
                      <span class="grow wrap">
                        {row.text ?? row.field} <span class="soft">by {row.baseline}</span>
                      </span>
                      {row.since === null ? null : <When at={row.since.time} short />}
                    </li>
                  ))}
                </ul>
              )}
            </Panel>
          )}
          <Panel
            title="History"
            of={{ ...pages, answer: pages.first }}
            empty={{ title: "Nothing has happened to it by then" }}
            isEmpty={() => pages.items.length === 0}
          >
            {() => (
              <>
                <Story items={pages.items} isOfOne chosen={chosen} />
                <More of={pages} onMore={more}>
                  Earlier changes
                </More>
              </>
            )}
          </Panel>
          {running.answer === undefined ? null : (
            <Panel
              title="Services"
              count={running.answer.items.length}
              of={running}
              aside={<a href={hrefOf("/services", { q: `target.name:${JSON.stringify(it.name)}` })}>As a list</a>}
              empty={{ title: "Nothing is known to run on it" }}
              isEmpty={({ items }) => items.length === 0}
            >
              {({ items }) => (
                <table class="facts">
                  <tbody>
                    {items.map((service) => (
                      <tr key={service.id}>
                        <td>
                          <EntityLink entity={{ kind: "service", id: service.id, name: service.name }} />
                        </td>
                        <td>
                          <State state={service.flapping ? "flapping" : service.status} />
                        </td>
                        <td class="soft">{service.runtime}</td>
                        <td class="value">{service.ports.join(" ")}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              )}
            </Panel>
          )}
          <Related of={related} />
          <Measured entity={entity} />
          {records.length > 1 ? <Records machine={it.id} records={records} /> : null}
        </div>
      </div>
    </div>
  )
}

function Related({ of }: { readonly of: ReturnType<typeof useAnswer<NonNullable<typeof relations.of>>> }) {
  const isAll = useSignal(false)
  // What runs on a machine is listed by itself.
  const items = (of.answer?.items ?? []).filter(
    ({ entity, relation }) => !(entity.kind === "service" && relation === "host of"),
  )
  if (items.length === 0) return null
  const shown = isAll.value ? items : items.slice(0, 12)
  return (
    <Panel title="Relations" count={items.length} of={of}>
      {() => (
        <>
          <ul class="lines">
            {shown.map(({ relation, entity }) => (
              <li key={`${relation} ${entity.id}`}>
                <span class="soft relation">{relation.replaceAll("-", " ")}</span>
                <EntityLink entity={entity} />{" "}
                <span class="soft">{entity.kind === "target" ? "machine" : entity.kind}</span>
              </li>
            ))}
          </ul>
          <Rest left={items.length - shown.length} onMore={() => (isAll.value = true)}>
            All {items.length}
          </Rest>
        </>
      )}
    </Panel>
  )
}
