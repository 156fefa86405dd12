/** What makes it easier for those who mean harm, with the fact that it rests on; and what is tried again and again. */
import { checks, security } from "../operations.js"
import { EntityLink } from "../parts/entity-link.js"
import { Panel } from "../parts/panel.js"
import { More } from "../parts/more.js"
import { Nothing, Trouble } from "../parts/said.js"
import { When } from "../parts/when.js"
import { change, hrefOf, place } from "../place.js"
import { useAnswer } from "../use-answer.js"
import { usePages } from "../use-pages.js"

const severities = ["critical", "warning", "notice", "info"] as const

export function SecurityPage() {
  const severity = severities.find((one) => one === place.value.params.get("severity")) ?? "notice"
  const { pages, more } = usePages(security, { severity })
  const { items, first, isLoading, error } = pages
  return (
    <div class="page">
      <header class="page-head">
        <h1>Security</h1>
        <span class="actions">
          {severities.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === severity}
              onClick={() => change({ severity: one === "notice" ? undefined : one })}
            >
              {one} {first?.counts[one] ?? ""}
            </button>
          ))}
        </span>
      </header>
      {error === undefined ? null : <Trouble error={error} />}
      <section class="panel" aria-busy={isLoading}>
        {items.length === 0 ? (
          isLoading.value || error !== undefined ? null : (
            <Nothing title="Nothing was found">As far as anybody has looked.</Nothing>
          )
        ) : (
          <table class="facts">
            <thead>
              <tr>
                <th scope="col">Severity</th>
                <th scope="col">Where</th>
                <th scope="col">What</th>
                <th scope="col">Rests on</th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ rule, severity: its, entity, fact, path, position }) => (
                <tr key={`${rule} ${entity.id} ${path}`}>
                  <td>
                    <span class={`tag ${its}`}>{its}</span>
                  </td>
                  <td>
                    <EntityLink entity={entity} />
                  </td>
                  <td>{fact}</td>
                  <td class="path">{position === null ? path : <a href={hrefOf(`/events/${position}`)}>{path}</a>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <More of={pages} onMore={more} />
      </section>
      <Checks />
    </div>
  )
}

function Checks() {
  const found = useAnswer(checks, { limit: 200 })
  return (
    <Panel
      title="Checks"
      count={found.answer?.items.length}
      of={found}
      empty={{ title: "Nothing is checked", hint: "Checks stand in the configuration: http, tcp, docker and more." }}
      isEmpty={({ items }) => items.length === 0}
    >
      {({ items }) => (
        <table class="facts">
          <tbody>
            {items.map(({ id, name, about, status, detail, since, latencyMs }) => (
              <tr key={id}>
                <td>
                  <span class={`tag ${status}`}>{status}</span>
                </td>
                <th scope="row">{name}</th>
                <td>{about === null ? null : <EntityLink entity={about} />}</td>
                <td>{detail}</td>
                <td class="soft">{latencyMs === null ? "" : `${latencyMs} ms`}</td>
                <td>
                  <When at={since.time} short />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
