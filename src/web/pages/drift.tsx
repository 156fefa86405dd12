/** What is not as it is meant to be, field by field, since when and by which event; and what it is held against. */
import { ask } from "../ask.js"
import { useDoing, whyNot } from "../doing.js"
import { baselines, drift, withdrawBaseline } from "../operations.js"
import { EntityLink } from "../parts/entity-link.js"
import { Panel } from "../parts/panel.js"
import { More } from "../parts/more.js"
import { Nothing, Trouble } from "../parts/said.js"
import { Twice } from "../parts/twice.js"
import { Value } from "../parts/value.js"
import { When } from "../parts/when.js"
import { change, hrefOf, place } from "../place.js"
import { useAnswer } from "../use-answer.js"
import { usePages } from "../use-pages.js"
import { Expected } from "./drift/expected.js"

export function DriftPage() {
  const { params } = place.value
  const [baseline, unknown] = [params.get("baseline") ?? "", params.get("unknown") === "true"]
  const { pages, more } = usePages(drift, { unknown, ...(baseline === "" ? {} : { baseline }) })
  const { items, first, isLoading, error } = pages
  return (
    <div class="page">
      <header class="page-head">
        <h1>Drift</h1>
        {first === undefined ? null : <span class="count">{first.counts.drift}</span>}
        <span class="actions">
          {baseline === "" ? null : (
            <button type="button" class="link" onClick={() => change({ baseline: undefined })}>
              By all baselines
            </button>
          )}
          <button
            type="button"
            aria-pressed={unknown}
            onClick={() => change({ unknown: unknown ? undefined : "true" })}
          >
            {first?.counts.unknown ?? "…"} cannot be said
          </button>
        </span>
      </header>
      {error === undefined ? null : <Trouble error={error} />}
      {first?.broken.map(({ baseline: of, rule, why }) => (
        <p key={`${of} ${rule}`} class="problem" role="alert">
          {of}, {rule}: {why}
        </p>
      ))}
      <section class="panel" aria-busy={isLoading}>
        {items.length === 0 ? (
          isLoading.value || error !== undefined ? null : (
            <Nothing title="Everything is as it is meant to be">
              As far as anybody has said how: see below, <code>fleet-ledger pin</code> and{" "}
              <code>fleet-ledger rules adopt</code>.
            </Nothing>
          )
        ) : (
          <table class="facts drifting">
            <thead>
              <tr>
                <th scope="col">Severity</th>
                <th scope="col">What</th>
                <th scope="col">Field</th>
                <th scope="col">Meant to be</th>
                <th scope="col">Is</th>
                <th scope="col">Since</th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ baseline: by, rule, severity, verdict, entity, field, expected, actual, text, since }) => (
                <tr key={`${by} ${rule} ${entity.id} ${field}`}>
                  <td>
                    <span class={`tag ${verdict === "unknown" ? "" : severity}`}>
                      {verdict === "unknown" ? verdict : severity}
                    </span>
                  </td>
                  <td>
                    <EntityLink entity={entity} />
                    <p class="soft">{text ?? rule ?? by}</p>
                  </td>
                  <td class="path">{field}</td>
                  <td>
                    <Value value={expected} />
                  </td>
                  <td>
                    <Value value={actual} />
                  </td>
                  <td>
                    {since === null ? null : (
                      <>
                        <a href={hrefOf(`/events/${since.position}`)}>
                          <When at={since.time} />
                        </a>
                        <p class="soft">
                          {since.by ?? since.source ?? since.actor}
                          {since.expectation === null ? "" : ` · ${since.expectation}`}
                        </p>
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <More of={pages} onMore={more} />
      </section>
      <Expected />
      <Baselines />
    </div>
  )
}

function Baselines() {
  const found = useAnswer(baselines, {})
  const doing = useDoing()
  const not = whyNot()
  return (
    <Panel
      title="What it is held against"
      aside={
        doing.problem.value === undefined ? null : (
          <span class="problem" role="alert">
            {doing.problem.value}
          </span>
        )
      }
      count={found.answer?.items.length}
      of={found}
      empty={{ title: "Nobody has said how it is meant to be", hint: "Pin a snapshot under Compare, or adopt rules." }}
      isEmpty={({ items }) => items.length === 0}
    >
      {({ items }) => (
        <table class="facts">
          <tbody>
            {items.map(({ name, of, point, snapshot, where, rules, actor, since, reason }) => (
              <tr key={name}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => change({ baseline: name })}>
                    {name}
                  </button>
                </th>
                <td>
                  {of === "rules" ? `${rules ?? 0} rules` : `as it was at ${snapshot ?? `position ${point?.position}`}`}
                  {where === null ? "" : ` · ${where}`}
                </td>
                <td class="soft">
                  {actor}
                  {reason === null ? "" : ` · ${reason}`}
                </td>
                <td>
                  <When at={since.time} short />
                </td>
                <td>
                  {not === undefined ? (
                    <Twice
                      title="Withdraw"
                      label={`Withdraw ${name}`}
                      onSure={() => void doing.run(() => ask(withdrawBaseline, { name }))}
                    />
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
