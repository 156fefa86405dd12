/** What is or was wrong, at the time that is looked at. */
import { alerts } from "../operations.js"
import { More } from "../parts/more.js"
import { Nothing, Trouble } from "../parts/said.js"
import { When } from "../parts/when.js"
import { change, go, hrefOf, place } from "../place.js"
import { usePages } from "../use-pages.js"
import { useRows } from "../use-rows.js"
import { Backtest } from "./alerts/backtest.js"
import { Maintenance } from "./alerts/maintenance.js"

const severities = ["critical", "warning"] as const
const states = ["open", "acknowledged", "silenced", "resolved"] as const

export function AlertsPage() {
  const { params } = place.value
  const all = params.get("all") === "true"
  const severity = severities.find((one) => one === params.get("severity"))
  const state = states.find((one) => one === params.get("state"))
  const { pages, more } = usePages(alerts, {
    all: all || state === "resolved",
    ...(severity === undefined ? {} : { severity }),
    ...(state === undefined ? {} : { state }),
  })
  const { items, isLoading, error } = pages
  const chosen = useRows(items.length, (index) => {
    const alert = items[index]
    if (alert !== undefined) go(hrefOf(`/alerts/${alert.id}`))
  })
  return (
    <div class="page">
      <header class="page-head">
        <h1>Alerts</h1>
        <span class="actions">
          {severities.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={severity === one}
              onClick={() => change({ severity: severity === one ? undefined : one })}
            >
              {one}
            </button>
          ))}
          <span class="group" role="group" aria-label="How they stand">
            {states.map((one) => (
              <button
                key={one}
                type="button"
                aria-pressed={state === one}
                onClick={() => change({ state: state === one ? undefined : one })}
              >
                {one}
              </button>
            ))}
          </span>
          <button type="button" aria-pressed={all} onClick={() => change({ all: all ? undefined : "true" })}>
            Resolved ones too
          </button>
        </span>
      </header>
      {error === undefined ? null : <Trouble error={error} />}
      <section class="panel" aria-busy={isLoading}>
        {items.length === 0 ? (
          isLoading.value || error !== undefined ? null : (
            <Nothing
              title={severity === undefined && state === undefined ? "Nothing is the matter" : "None is like that"}
            >
              {severity === undefined && state === undefined
                ? `No alert stands${all ? " or ever stood" : ""} by then.`
                : "Take one of the filters away to see the others."}
            </Nothing>
          )
        ) : (
          <table class="facts rows">
            <thead>
              <tr>
                <th scope="col">Severity</th>
                <th scope="col">What</th>
                <th scope="col">State</th>
                <th scope="col">Rule</th>
                <th scope="col">Raised</th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ id, severity: its, title, state: stands, rule, raised, count }, index) => (
                <tr key={id} aria-current={index === chosen ? "true" : undefined}>
                  <td>
                    <span class={`tag ${its}`}>{its}</span>
                  </td>
                  <td>
                    <a href={hrefOf(`/alerts/${id}`)}>{title}</a>
                    {count > 1 ? <span class="soft"> · stands for {count}</span> : null}
                  </td>
                  <td>{stands}</td>
                  <td class="soft">{rule}</td>
                  <td>
                    <When at={raised.time} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <More of={pages} onMore={more}>
          Further back
        </More>
      </section>
      <Backtest />
      <Maintenance />
    </div>
  )
}
